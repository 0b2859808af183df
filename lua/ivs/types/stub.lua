---@meta ivs.stub

-- `require "ivs.stub"`.

---A stand-in for the service, for tests of code that uses this package.
---@class ivs.stub
local stub = {}

---Makes a stand-in. Raises at the caller's line if an answer has not the shape of the service's.
---@param answers table<string,ivs.StubAnswer|ivs.StubAnswer[]> for each ARN; a list is given once each, the last one again and again
---@return ivs.StubService service
function stub.new(answers) end

---A recording configuration (an absent `arn` is filled in), or `{ error = CODE, message = TEXT }`.
---@alias ivs.StubAnswer ivs.RecordingConfiguration|table

---A request that a stand-in has answered.
---@class ivs.StubRequest
---@field operation string `GetRecordingConfiguration` or `ListRecordingConfigurations`
---@field arn? string of a GetRecordingConfiguration
---@field maxResults? integer of a list
---@field nextToken? string of a list

---The stand-in.
---@class ivs.StubService
---@field requests ivs.StubRequest[] what was asked for, in order
---@field transport ivs.Transport answers from the table
local Service = {}

---Options for `ivs.client`, `resty.ivs.client` or `ivs.core.client`: the transport, a region, keys and an empty environment.
---@param given? ivs.Options these override the others
---@return ivs.Options options
function Service:options(given) end

return stub
