--- Work that is compared block by block within one process: signing, decoding, a call over `transport`, a call over the
-- wire. BENCH_URL, BENCH_CA and BENCH_BODY come from run.sh.

local cjson = require "cjson"
local common = require "bench.common"
local ivs = require "ivs"
local measure = require "measure"

local body = common.read(assert(os.getenv("BENCH_BODY")))
local arn = common.arn

--- What the server answers with.
local function capture_answer()
  local client = assert(ivs.client(common.options()))
  local response = assert(client:get_recording_configuration(arn))
  client:close()
  assert(response.recordingConfiguration.thumbnailConfiguration.targetIntervalSeconds == 60)
  local metadata = response.ResponseMetadata
  return { status = metadata.HTTPStatusCode, headers = metadata.HTTPHeaders, body = body }
end

local function repeat_call(client)
  return function(count)
    for _ = 1, count do
      if not client:get_recording_configuration(arn) then error("a call failed") end
    end
  end
end

local function compare_signing()
  local bytes = measure.hash_bytes()
  common.compare {
    ours = measure.sign, yardstick = measure.hash, count = 5000,
    goals = { common.row("sign", "cpu", (" (%d bytes, 4 messages)"):format(bytes)) },
  }
  common.compare {
    ours = measure.sign, yardstick = measure.hash_joined, count = 5000,
    goals = { { work = "  : the same bytes as one message", clock = "cpu" } },
  }
  common.compare {
    ours = measure.sign_random, yardstick = measure.hash, count = 5000,
    goals = { { work = "  with 16 random bytes : 4 messages", clock = "cpu" } },
  }
end

local function compare_decoding()
  local decode, yardstick = measure.decoder(body), cjson.decode
  local expected, got = cjson.decode(body).recordingConfiguration, decode().recordingConfiguration
  assert(got.arn == expected.arn and #got.renditionConfiguration.renditions == 4 and got.tags.team == "video")
  common.compare {
    ours = function(count) for _ = 1, count do decode() end end,
    yardstick = function(count) for _ = 1, count do yardstick(body) end end, count = 2000,
    goals = { common.row("decode", "cpu", (" (%d bytes)"):format(#body)) },
  }
end

local function compare_transport(answer)
  local client = assert(ivs.client(common.options { transport = function() return answer end }))
  local decode, hash = cjson.decode, measure.hash_kilobyte
  common.compare {
    ours = repeat_call(client), yardstick = function(count)
      for _ = 1, count do
        decode(body)
        hash(1)
      end
    end, count = 2000,
    goals = { common.row("transport", "cpu") },
  }
  client:close()
end

local function compare_wire()
  local client = assert(ivs.client(common.options()))
  local request, lines = common.capture_request(body)
  local ca = assert(os.getenv("BENCH_CA"))
  local bare = measure.bare(request.url, ca, request.body, lines)
  local function run_bare(count) bare:run(count) end
  common.compare {
    ours = repeat_call(client), yardstick = run_bare, count = 250, rounds = 31,
    goals = { common.row("wire_wall", "wall"), common.row("wire_cpu", "cpu") },
  }
  local decode = cjson.decode
  common.compare {
    ours = repeat_call(client), yardstick = function(count)
      for _ = 1, count do
        bare:run(1)
        decode(body)
      end
    end, count = 250, rounds = 31,
    goals = { common.row("decoded_wall", "wall"), common.row("decoded_cpu", "cpu") },
  }
  local unsigned = {}
  for _, line in ipairs(lines) do
    if not line:find("^Authorization:") and not line:find("^X%-Amz%-Date:") then unsigned[#unsigned + 1] = line end
  end
  local keys = common.keys.access_key_id .. ":" .. common.keys.secret_access_key
  local signing = measure.bare(request.url, ca, request.body, unsigned, "aws:amz:us-west-2:ivs", keys)
  common.compare {
    ours = repeat_call(client), yardstick = function(count) signing:run(count) end, count = 250, rounds = 31,
    goals = { common.row("signed_wall", "wall") },
  }
  client:close()
end

local ANSWER = capture_answer()
compare_signing()
compare_decoding()
compare_transport(ANSWER)
compare_wire()
