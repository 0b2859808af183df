---@meta _

-- The options of a client. Their names are those of the keys of the shared AWS config file; the environment variables and defaults are in
-- README.md, "Settings", and the rules in docs/protocol.md, "Settings".

---Options of a client. What is absent is taken from the environment, then the profile, then the default.
---@class ivs.Options
---@field region? string the region to call; by default the one in the ARN
---@field profile? string the profile of the shared files
---@field credentials? ivs.Credentials|fun():ivs.Credentials|nil,any the credentials, or a function that returns them, or nil and an error; it is asked again before they expire
---@field endpoint_url? string the URL to call in place of the service's own endpoint
---@field ignore_configured_endpoint_urls? boolean true: only the option `endpoint_url` counts
---@field use_fips_endpoint? boolean the FIPS 140 endpoint
---@field use_dualstack_endpoint? boolean the endpoint with IPv4 and IPv6
---@field retry_mode? "standard"|"adaptive"|"legacy" default standard
---@field max_attempts? integer requests in total, the first one included; default 3, in legacy mode 5
---@field connect_timeout? number seconds for name, TCP and TLS together; default 60
---@field read_timeout? number seconds from the request to the last byte of the response; default 60
---@field ca_bundle? string a PEM file or a directory of authorities; by default the system's
---@field verify? boolean false: the server's certificate is not verified; default true
---@field client_cert? string path of a PEM client certificate
---@field client_key? string path of its private key, if that is in another file
---@field proxy? string a proxy's URL; by default `https_proxy` or `http_proxy`
---@field no_proxy? string hosts that are reached without the proxy
---@field tcp_keepalive? boolean probes on idle connections
---@field sdk_ua_app_id? string the name of your application, for User-Agent
---@field user_agent_extra? string appended to User-Agent
---@field max_response_bytes? integer the largest response body that is accepted; default 1,048,576
---@field logger? fun(level:ivs.LogLevel,message:string) sees each attempt, retry and refresh of credentials; never a secret
---@field mfa_prompt? fun(text:string):string returns the code for a role with `mfa_serial`
---@field env? table<string,string> read in place of the process environment
---@field transport? ivs.Transport used instead of the network, for tests

---Of a message to the option `logger`. debug: each attempt and its status; info: a retry; warn: a call that failed, a file that is ignored.
---@alias ivs.LogLevel "debug"|"info"|"warn"

---Credentials, as the option `credentials` and its function give them.
---@class ivs.Credentials
---@field access_key_id string the access key ID
---@field secret_access_key string the secret access key
---@field session_token? string of temporary credentials
---@field expiration? string|number ISO 8601 text, or seconds since 1970

---Sends a request in place of the network; returns the response, or nil and an error (a text, or a table with `kind`, `code` and `message`).
---@alias ivs.Transport fun(request:ivs.Request):ivs.RawResponse|nil,any

---A request, signed and ready to be sent.
---@class ivs.Request
---@field method string `POST`; the sources of credentials also send `GET` and `PUT`
---@field url string whole, with scheme and host
---@field headers? table<string,string> all that have to be sent
---@field body? string absent if there is none
---@field connect_timeout number seconds
---@field read_timeout number seconds
---@field direct? boolean of a source of credentials: true if it must not go over a proxy
---@field max_bytes? integer of a source of credentials: the largest body it accepts

---A response as it came.
---@class ivs.RawResponse
---@field status integer the HTTP status
---@field headers? table<string,string> names in any case
---@field body? string decompressed
