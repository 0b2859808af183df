---@meta ivs

-- The public API of `require "ivs"` for editors (lua-language-server) and for the reference (`make docs`). Nothing loads this file. A
-- spec compares it with the modules (spec/project/reference_spec.lua). The rest: types/response.lua, types/exceptions.lua, types/options.lua,
-- types/nginx.lua, types/core.lua, types/check.lua, types/stub.lua. The name after `@meta` is the module that a file describes.

---Amazon IVS recording configurations in scripts, over libcurl. Every failure at run time is nil and an error; only misuse of the API raises.
---@class ivs
---@field _VERSION string version of this package, as in Semantic Versioning
---@field exceptions ivs.Exceptions every code that this module can name, under its own name; an unknown name raises
local ivs = {}

---Makes a client. Misuse of the options raises; a setting that cannot be used, from the options, the environment or a file, is an error.
---@param options? ivs.Options
---@return ivs.Client|nil client nil if it cannot be made
---@return ivs.Error|nil err why
function ivs.client(options) end

---Fetches a recording configuration over a default client, which is made at the first call. A C function.
---@param params ivs.GetParams|string `{ arn = … }`, or the ARN
---@return ivs.Response|nil response nil if the call failed
---@return ivs.Error|nil err why
function ivs.get_recording_configuration(params) end

---Fetches one page of the list over the default client.
---@param params? ivs.ListParams which page
---@return ivs.ListResponse|nil response nil if the call failed
---@return ivs.Error|nil err why
function ivs.list_recording_configurations(params) end

---Iterates over the items of all pages over the default client: `for summary, err in ivs.recording_configurations() do`.
---@param params? ivs.ListParams where to begin
---@return ivs.Iterator iterator gives each summary; after a failure `false` and the error, then nothing
function ivs.recording_configurations(params) end

---A client: settings, credentials and connections, for any number of calls. It may be used before and after a fork.
---@class ivs.Client
---@field region string|nil the resolved region; nil if calls take it from the ARN
---@field endpoint_url string|nil the resolved endpoint; nil if it depends on the ARN's region
local Client = {}

---Fetches a recording configuration.
---@param params ivs.GetParams|string `{ arn = … }`, or the ARN
---@return ivs.Response|nil response nil if the call failed
---@return ivs.Error|nil err why
function Client:get_recording_configuration(params) end

---Fetches many recording configurations at once, paced to the service's quota. It fails only if nothing could be asked.
---@param params ivs.BatchParams what, and how
---@return ivs.BatchResult|nil result nil if no request could be sent
---@return ivs.Error|nil err why
function Client:batch_get_recording_configuration(params) end

---Waits until a recording configuration is ACTIVE: polls while its state is CREATING.
---@param params ivs.WaitParams|string `{ arn = …, timeout = 300, delay = 2 }`, or the ARN
---@return ivs.Response|nil response the one that says ACTIVE
---@return ivs.Error|nil err with the code `WaiterError`, and with `cause` or `response`
function Client:wait_until_active(params) end

---Fetches one page of the list. It needs a region: there is no ARN to take it from.
---@param params? ivs.ListParams which page
---@return ivs.ListResponse|nil response nil if the call failed
---@return ivs.Error|nil err why
function Client:list_recording_configurations(params) end

---Iterates over the items of all pages. A service that gives the same nextToken twice running is stopped with `PaginationError`.
---@param params? ivs.ListParams where to begin
---@return ivs.Iterator iterator gives each summary; after a failure `false` and the error, then nothing
function Client:recording_configurations(params) end

---Asks the sources of credentials and describes the result and where each setting came from, without a secret.
---@return ivs.Description|nil description nil if no source has credentials
---@return ivs.Error|nil err why
function Client:credentials() end

---Closes the client. A second call does nothing. A closed client answers with `ClientClosedError`.
function Client:close() end

---Gives the next summary; after a failure `false` and the error; nil at the end.
---@alias ivs.Iterator fun():ivs.Summary|false|nil,ivs.Error|nil

---What names a recording configuration.
---@class ivs.GetParams
---@field arn string `arn:aws:ivs:REGION:ACCOUNT:recording-configuration/ID`

---Which page of the list.
---@class ivs.ListParams
---@field maxResults? integer items of a page, 1 to 100; by default the service gives 100, or your service quota if that is smaller
---@field nextToken? string of the page before

---What a batch fetches, and how.
---@class ivs.BatchParams
---@field arns string[] a duplicate is fetched once
---@field max_concurrency? integer calls at the same time, 1 to 256; default 16
---@field max_tps? number|false requests a second in each region, evenly; default 3, the service's quota; false lifts the limit
---@field on_progress? fun(done:integer,total:integer) called when an ARN is settled; what it raises ends the batch and is raised again
---@field on_result? fun(arn:string,configuration:ivs.RecordingConfiguration|nil,err:ivs.Error|nil) called once for each ARN when it is settled

---What a batch has fetched, in the order of `arns`; the shape of the service's own BatchGetChannel.
---@class ivs.BatchResult
---@field recordingConfigurations ivs.RecordingConfiguration[] those that were fetched
---@field errors ivs.BatchError[] those that were not

---Why one ARN of a batch was not fetched.
---@class ivs.BatchError
---@field arn string which
---@field code string `error.code`
---@field message string `error.message`
---@field error ivs.Error the whole error

---What to wait for, and how long.
---@class ivs.WaitParams
---@field arn string of the recording configuration
---@field timeout? number seconds in all; default 300
---@field delay? number seconds between two looks, above 0; default 2

return ivs
