---@meta ivs.core

-- `require "ivs.core"`: the call without I/O, for drivers of other loops. docs/loops.md shows one. C functions all.

---The module without I/O. It loads no libcurl.
---@class ivs.core
---@field _VERSION string version of this package
---@field exceptions ivs.Exceptions as `ivs.exceptions`
local core = {}

---Makes a client.
---@param options? ivs.Options
---@param clock? ivs.core.Clock the loop's own clock
---@return ivs.core.Client|nil client nil if it cannot be made
---@return ivs.Error|nil err why
function core.client(options, clock) end

---Takes a URL apart.
---@param text string
---@return ivs.core.Url|nil url nil if it is not an http or https URL
function core.parse_url(text) end

---Whether requests to a host bypass the proxy.
---@param no_proxy string|nil the setting
---@param authority string host and port
---@return boolean is_bypassed
function core.is_bypassed(no_proxy, authority) end

---Makes a reader of HTTP/1.1 responses, for loops that have only sockets.
---@param max_body integer bytes of a body at most
---@return ivs.core.Reader reader
function core.http_reader(max_body) end

---Writes a request as HTTP/1.1.
---@param request ivs.Request
---@param absolute? boolean the target is the whole URL, for a proxy
---@param proxy_authorization? string value of that header
---@return string|nil text nil if a header cannot be sent
---@return string|nil message why
---@return "malformed"|"memory"|nil what the kind of problem
function core.http_request(request, absolute, proxy_authorization) end

---A client for drivers.
---@class ivs.core.Client
---@field region string|nil the resolved region
---@field endpoint_url string|nil the resolved endpoint
local Client = {}

---Begins a GetRecordingConfiguration.
---@param params ivs.GetParams|string
---@return ivs.core.Call call its first step is asked for with `next`
function Client:call(params) end

---The same as `call`.
---@param params ivs.GetParams|string
---@return ivs.core.Call call
function Client:get_recording_configuration(params) end

---Begins a ListRecordingConfigurations, one page.
---@param params? ivs.ListParams
---@return ivs.core.Call call
function Client:list_recording_configurations(params) end

---The settings for sending requests: proxy, no_proxy, verify, ca_bundle, client_cert, client_key, tcp_keepalive, timeouts, transport.
---@return table|nil settings a new table; nil if the client is closed
function Client:connection_settings() end

---The function that asks the sources of credentials: the detail of the step `credentials`.
---@return (fun(io:ivs.core.IO):ivs.Credentials|nil,ivs.Error|nil)|nil provider nil if the client is closed
function Client:provider() end

---Stores the result of a provider that was called outside of a call.
---@param credentials ivs.Credentials|nil
---@param err? any
---@return true|nil ok nil if they cannot be used
---@return ivs.Error|nil err why
function Client:take_credentials(credentials, err) end

---Seconds until the credentials expire, by the service's clock.
---@return number|nil seconds math.huge: never; nil: no credentials
function Client:credentials_left() end

---What `client:credentials()` of `ivs` returns, without asking the sources.
---@return ivs.Description|nil description nil if the client is closed
function Client:describe() end

---Closes the client.
function Client:close() end

---One call, as a sequence of steps.
---@class ivs.core.Call
local Call = {}

---Reports what became of the last step and gives the next one. `done` and `failed` are final: it gives the same again.
---@param result? any of `exchange`: the response; of `credentials`: the credentials
---@param err? any why there is none
---@return ivs.core.Step step
---@return any detail of `credentials` the provider, of `exchange` the request, of `sleep` seconds, of `done` the response, of `failed` the error
function Call:next(result, err) end

---What a driver does next: ask the provider, send the request, wait, or end.
---@alias ivs.core.Step "credentials"|"exchange"|"sleep"|"done"|"failed"

---The loop's own clock.
---@class ivs.core.Clock
---@field time? fun():number seconds since 1970
---@field random? fun():number from 0 to below 1

---What a provider may use. A source whose function is absent is skipped, with a reason.
---@class ivs.core.IO
---@field http? ivs.Transport sends a request
---@field sleep? fun(seconds:number) waits
---@field run? fun(argv:string[],options:table):table|nil,any runs a program

---A URL in parts.
---@class ivs.core.Url
---@field scheme "http"|"https"
---@field host string an IPv6 address is in brackets
---@field port integer
---@field authority string always with host and port

---A reader of consecutive responses.
---@class ivs.core.Reader
local Reader = {}

---Takes bytes from the connection.
---@param bytes string
---@return "more"|"done"|nil state nil: the response is invalid
---@return string|nil message why
---@return "closed"|"malformed"|"too large"|"memory"|nil what the kind of problem
function Reader:feed(bytes) end

---The connection was closed by the server.
---@return "done"|nil state nil: the response is not complete
---@return string|nil message why
---@return "closed"|"malformed"|"too large"|"memory"|nil what the kind of problem
function Reader:close() end

---The response, when done.
---@return ivs.RawResponse response
function Reader:response() end

---A header's first value.
---@param name string in lower case
---@return string|nil value
function Reader:header(name) end

---Whether the connection may be used again.
---@return boolean keep_alive
function Reader:keep_alive() end

---Begins the next response.
---@param max_body? integer bytes of its body at most
---@param bodiless? boolean a response to CONNECT
function Reader:reset(max_body, bodiless) end

return core
