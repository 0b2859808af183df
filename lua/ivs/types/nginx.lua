---@meta resty.ivs

-- `require "resty.ivs"`: the same names, results and errors over cosockets. docs/nginx.md has each method's phases.

---Amazon IVS recording configurations inside nginx. No call blocks the worker; in a phase without cosockets a call is an error that names it.
---@class resty.ivs
---@field _VERSION string version of this package
---@field exceptions ivs.Exceptions as `ivs.exceptions`
local resty = {}

---Makes a client. Reads nothing: whatever is wrong with the settings is an error of the first call. Misuse raises.
---@param options? resty.ivs.Options
---@return resty.ivs.Client client one for each worker is enough
function resty.client(options) end

---Fetches a recording configuration over a default client, which has no cache.
---@param params ivs.GetParams|string `{ arn = … }`, or the ARN
---@return ivs.Response|nil response nil if the call failed
---@return ivs.Error|nil err why
function resty.get_recording_configuration(params) end

---Fetches one page of the list over the default client.
---@param params? ivs.ListParams which page
---@return ivs.ListResponse|nil response nil if the call failed
---@return ivs.Error|nil err why
function resty.list_recording_configurations(params) end

---Iterates over the items of all pages over the default client.
---@param params? ivs.ListParams where to begin
---@return ivs.Iterator iterator gives each summary; after a failure `false` and the error, then nothing
function resty.recording_configurations(params) end

---Options of a client in nginx: those of `ivs.Options` that cosockets can honor, and these.
---@class resty.ivs.Options:ivs.Options
---@field pool_size? integer idle connections that a worker keeps for an endpoint; default 30
---@field keepalive_timeout? number seconds that an idle connection is kept; default 60
---@field cache? resty.ivs.Cache caches answers; default none

---The cache of answers, shared by the workers of an nginx and, with `redis`, by machines.
---@class resty.ivs.Cache
---@field dict string|table a lua_shared_dict, by name or as `ngx.shared.NAME`
---@field ttl? number seconds that an answer is fresh; default 30
---@field stale_ttl? number seconds more that it is served while a refresh runs; default 300
---@field negative_ttl? number seconds that ResourceNotFoundException is cached; default 5
---@field lock_ttl? number seconds that others wait for a worker that crashed; default 1.5
---@field max_tps? number|false calls of the service a second for each account and region, over all workers and machines; default 3; false lifts the limit
---@field lru_size? integer ARNs and decoded answers that each worker keeps; default 1000
---@field locks? string|table another lua_shared_dict, for locks, pauses and the pace; default `dict`
---@field identity? string the caller identity, in place of what the settings say
---@field redis? resty.ivs.Redis shares answers between machines; default none

---A Redis, or a node of a Redis Cluster. It needs lua-resty-redis.
---@class resty.ivs.Redis
---@field host? string the server; either `host` or `unix`
---@field port? integer default 6379
---@field unix? string path of a socket
---@field username? string needs `password`
---@field password? string for AUTH
---@field database? integer default 0
---@field ssl? boolean TLS; default false
---@field ssl_verify? boolean against lua_ssl_trusted_certificate; default true
---@field prefix? string of every key; default `ivs:`
---@field timeout? number seconds of silence after which an operation is given up; default 1
---@field pool_size? integer idle connections that a worker keeps for each node; default 30

---A client in nginx. It has the methods of `ivs.Client`, and these.
---@class resty.ivs.Client:ivs.Client
local Client = {}

---The cached answer for an ARN, without a call of the service or of Redis.
---@param arn string of the recording configuration
---@return ivs.Response|nil response with `ResponseMetadata.Cache` `hit` or `stale`; nil if nothing is cached
---@return ivs.Error|nil err the error, if one is cached
function Client:cache_peek(arn) end

---Removes the answer for an ARN from the dict and from Redis.
---@param arn string of the recording configuration
---@return true|nil ok nil if Redis failed, or the client has no cache
---@return ivs.Error|nil err why
function Client:cache_delete(arn) end

---Removes all answers, of all clients that share the dict, from the dict and from Redis.
---@return true|nil ok nil if Redis failed, or the client has no cache
---@return ivs.Error|nil err why
function Client:cache_purge() end

---What this worker has done with this client.
---@return resty.ivs.Stats stats a copy
function Client:stats() end

---Counters since the client was made.
---@class resty.ivs.Stats
---@field calls integer calls of the client
---@field attempts integer requests that were sent
---@field retries integer of these, requests that were sent again
---@field throttles integer responses that said that the rate is too high
---@field errors integer calls that failed
---@field credential_refreshes integer times that credentials were asked for
---@field cache table<string,integer> of all workers that use the dict: `hit`, `miss`, `stale`, `negative`, `shared`, `redis_hit`, `redis_error`
