--- The endpoint of a call, and which settings are refused (docs/protocol.md, "Endpoints").
--
-- The table of partitions is compared with botocore's rule set through spec/oracle/endpoint.py, for every partition
-- and every combination of the two switches. The refusals of an endpoint_url are the module's own rules: botocore
-- accepts some of them (a fragment, a password, ftp) and then sends another URL than the user wrote.
-- Not for: the bytes of the request (sigv4_spec), or where the settings come from.

local core = require "ivs.core"
local oracle = require "support.oracle"

local RESOURCE = ":123456789012:recording-configuration/AbCdEf123456"
local ARN = "arn:aws:ivs:us-west-2" .. RESOURCE
local PATH = "/GetRecordingConfiguration"

-- A region that exists, then regions nobody has heard of that have the partition's prefix.
local PARTITIONS = {
  { "aws", "us-east-1", "us-west-2", "ap-south-1", "ap-northeast-1", "ap-northeast-2", "eu-central-1", "eu-west-1",
    "us-east-9", "mx-nowhere-7" },
  { "aws-us-gov", "us-gov-west-1", "us-gov-east-1", "us-gov-north-9" },
  { "aws-cn", "cn-north-1", "cn-northwest-1", "cn-south-9" },
  { "aws-eusc", "eusc-de-east-1", "eusc-de-west-9" },
  { "aws-iso", "us-iso-east-1", "us-iso-west-1", "us-iso-north-9" },
  { "aws-iso-b", "us-isob-east-1", "us-isob-west-1", "us-isob-north-9" },
  { "aws-iso-e", "eu-isoe-west-1", "eu-isoe-north-9" },
  { "aws-iso-f", "us-isof-south-1", "us-isof-east-1", "us-isof-north-9" },
}

-- Nothing known about them, and those that only look like another partition's.
local MADE_UP = { "zz-nowhere-1", "local", "x", "1a", "a--b", "aws-global", "US-EAST-1", "fips", "cnx-north-1", "cn",
  "us-isox-east-1", "us-isoe-west-1", "eu-isof-south-1", "eusc", "xus-gov-west-1", ("a"):rep(63) }

local PSEUDO_REGIONS = { ["fips-us-east-1"] = "us-east-1", ["us-east-1-fips"] = "us-east-1",
  ["fips-us-gov-west-1"] = "us-gov-west-1", ["cn-north-1-fips"] = "cn-north-1" }

local SWITCHES = { { false, false }, { true, false }, { false, true }, { true, true } }

local BAD_REGIONS = { "us_west_2", "us.west.2", "us west", " us-west-2", "us-west-2 ", "us-west-2\n", "us\0west",
  "-us-west-2", "us-west-2-", "12", "0", "x/y", "x@evil.example", "x:80", "x#", "x?", "%75s", "r\195\169gion",
  "\195\169", "\230\150\176-1", "\240\159\142\165", "a\27[31m\195\169\7", "a\194\133b", "\194\160", ("a"):rep(64) }

local BAD_ENDPOINTS = {
  ["ftp"] = "ftp://ivs.example",
  ["a file"] = "file:///etc/passwd",
  ["no scheme"] = "ivs.example",
  ["no scheme, with a port"] = "ivs.example:8080",
  ["only the two slashes"] = "//ivs.example",
  ["one slash"] = "https:/ivs.example",
  ["no slash"] = "https:ivs.example",
  ["an empty host"] = "https://",
  ["an empty host before a path"] = "https:///path",
  ["an empty host before a port"] = "https://:8080",
  ["an empty host before a query"] = "https://?a=b",
  ["a user and a password"] = "https://user:hunter2@ivs.example",
  ["a user"] = "https://user@ivs.example",
  ["an empty user"] = "https://@ivs.example",
  ["CR and LF in the path"] = "https://ivs.example/a\r\nX-Evil: 1",
  ["LF at the end"] = "https://ivs.example\n",
  ["LF in the query"] = "https://ivs.example?a=\nb",
  ["a tab"] = "https://ivs.example/a\tb",
  ["NUL in the host"] = "https://ivs.example\0.evil.example",
  ["NUL in the path"] = "https://ivs.example/a\0b",
  ["a space in the host"] = "https://ivs example",
  ["a space in the path"] = "https://ivs.example/a b",
  ["a space before it"] = " https://ivs.example",
  ["a space after it"] = "https://ivs.example ",
  ["port 0"] = "https://ivs.example:0",
  ["port 65536"] = "https://ivs.example:65536",
  ["a port that overflows"] = "https://ivs.example:18446744073709551696",
  ["a port of letters"] = "https://ivs.example:https",
  ["a signed port"] = "https://ivs.example:+80",
  ["a negative port"] = "https://ivs.example:-1",
  ["an unclosed bracket"] = "https://[::1",
  ["an unopened bracket"] = "https://::1]",
  ["IPv6 without brackets"] = "https://::1/",
  ["an empty IPv6 address"] = "https://[]",
  ["an IPv6 address of wrong digits"] = "https://[::g]",
  ["a short IPv6 address"] = "https://[1:2:3]",
  ["a long IPv6 address"] = "https://[1:2:3:4:5:6:7:8:9]",
  ["two gaps in an IPv6 address"] = "https://[1::2::3]",
  ["text after the bracket"] = "https://[::1]evil.example",
  ["a fragment"] = "https://ivs.example#fragment",
  ["a fragment after a query"] = "https://ivs.example/p?a=b#fragment",
  ["an underscore in the host"] = "https://ivs_local.example",
  ["a hyphen before a label"] = "https://-ivs.example",
  ["a hyphen after a label"] = "https://ivs-.example",
  ["an empty label"] = "https://ivs..example",
  ["a label of 64"] = "https://" .. ("a"):rep(64) .. ".example",
  ["a host of more than 255"] = "https://" .. ("a23456789."):rep(26) .. "example",
  ["a host that is not ASCII"] = "https://b\195\188cher.example",
  ["a backslash in the host"] = "https://ivs.example\\@evil.example",
}

local function new_client(options)
  options.credentials = { access_key_id = "AKID", secret_access_key = "SECRET" }
  options.env = {}
  return core.client(options, {
    time = function() return 1700000000.0 end,
    random = function() return 0.5 end,
  })
end

local function client_for(options)
  local client, err = new_client(options)
  return assert(client, tostring(err))
end

--- The url and the signed region of one call.
local function sent(client, arn)
  local step, request = client:call({ arn = arn or ARN }):next()
  assert(step == "exchange", "expected an exchange, got " .. tostring(step) .. ": " .. tostring(request))
  return request.url, request.headers["Authorization"]:match("Credential=AKID/20231114/([^/]*)/ivs/aws4_request,")
end

local function assert_config_error(err, code, message)
  assert.are.equal("config", err.kind)
  assert.are.equal(code, err.code)
  assert.are.equal(message, err.message)
end

--- Text in printable ASCII, for the name of a test.
local function printable(text)
  return (text:gsub("[^\32-\126]", function(byte) return ("\\%03d"):format(byte:byte()) end))
end

--- The text as a message shows it: a NUL and a line end would break a log or a terminal.
local function shown(text)
  return (text:gsub("[%z\1-\31\127]", "?"):gsub("\194[\128-\159]", "??"))
end

local function key(region, switches, endpoint_url)
  return table.concat({ region, tostring(switches[1]), tostring(switches[2]), endpoint_url or "-" }, " ")
end

local function options_for(region, switches, endpoint_url)
  return { region = region, use_fips_endpoint = switches[1], use_dualstack_endpoint = switches[2],
    endpoint_url = endpoint_url }
end

describe("the endpoint", function()
  local CUSTOM = "https://ivs.example/base"
  local answers = {}

  lazy_setup(function()
    local cases, keys = {}, {}
    local function add(region, switches, endpoint_url)
      cases[#cases + 1] = { region = region, fips = switches[1], dualstack = switches[2], endpoint_url = endpoint_url }
      keys[#keys + 1] = key(region, switches, endpoint_url)
    end
    for _, switches in ipairs(SWITCHES) do
      for _, partition in ipairs(PARTITIONS) do
        for index = 2, #partition do
          add(partition[index], switches)
        end
      end
      for _, region in ipairs(MADE_UP) do
        add(region, switches)
      end
      for region in pairs(PSEUDO_REGIONS) do
        add(region, switches)
      end
      add("us-west-2", switches, CUSTOM)
      add("fips-us-west-2", switches, CUSTOM)
    end
    for index, answer in ipairs(oracle.run("endpoint", cases)) do
      answers[keys[index]] = answer
    end
  end)

  --- The module beside the rules, for one region and every combination of the switches.
  local function check(region, partition, signing_region)
    for _, switches in ipairs(SWITCHES) do
      local name = key(region, switches)
      local answer = answers[name]
      assert.are.equal(nil, answer.error, name)
      assert.are.equal(partition, answer.partition, name)
      assert.are.equal(signing_region, answer.region, name)
      local client = client_for(options_for(region, switches))
      assert.are.equal(answer.url, client.endpoint_url, name)
      assert.are.equal(signing_region, client.region, name)
      local url, scope = sent(client)
      assert.are.equal(answer.url .. PATH, url, name)
      assert.are.equal(signing_region, scope, name)
    end
  end

  for _, partition in ipairs(PARTITIONS) do
    for index = 2, #partition do
      it("follows the rules in " .. partition[1] .. ": " .. partition[index], function()
        check(partition[index], partition[1], partition[index])
      end)
    end
  end

  for _, region in ipairs(MADE_UP) do
    it("of an unknown region is in the partition aws: " .. region, function()
      check(region, "aws", region)
    end)
  end

  for region, inside in pairs(PSEUDO_REGIONS) do
    it("of the pseudo-region " .. region .. " is the FIPS endpoint, signed for " .. inside, function()
      local answer = answers[key(region, SWITCHES[1])]
      assert(answer.url:find("^https://ivs%-fips%." .. inside:gsub("%-", "%%-") .. "%."), answer.url)
      check(region, answer.partition, inside)
    end)
  end

  it("is the custom one if there is one, signed for the region", function()
    for _, url in ipairs { CUSTOM, "http://127.0.0.1:4566", "HTTP://[::1]:8080/" } do
      local client = client_for { region = "eu-west-1", endpoint_url = url }
      local sent_to, scope = sent(client)
      assert.are.equal(url:gsub("^HTTP:", "http:"):gsub("/$", "") .. PATH, sent_to)
      assert.are.equal("eu-west-1", scope)
      assert.are.equal("eu-west-1", client.region)
    end
  end)

  for _, region in ipairs { "us-west-2", "fips-us-west-2" } do
    for _, switches in ipairs(SWITCHES) do
      local name = key(region, switches, CUSTOM)
      if switches[1] or switches[2] or region ~= "us-west-2" then
        it("is refused as by the endpoint rule set: " .. name, function()
          local client, err = new_client(options_for(region, switches, CUSTOM))
          assert.is_nil(client)
          assert.are.equal("EndpointResolutionError", answers[name].error)
          assert_config_error(err, answers[name].error, answers[name].message)
        end)
      end
    end
  end
end)

describe("the region", function()
  local answers = {}

  lazy_setup(function()
    local cases = {}
    for index, region in ipairs(BAD_REGIONS) do
      cases[index] = { region = region, fips = false, dualstack = false }
    end
    answers = oracle.run("endpoint", cases)
  end)

  for index, region in ipairs(BAD_REGIONS) do
    it("is refused if it is not a host label: '" .. printable(region) .. "'", function()
      local answer = answers[index]
      if region:sub(-1) ~= "\n" then -- botocore's expression lets a newline at the end pass
        assert.are.equal("InvalidRegionError", answer.error)
      end
      for _, endpoint_url in ipairs { "https://ivs.example", false } do
        local client, err = new_client { region = region, endpoint_url = endpoint_url or nil }
        assert.is_nil(client)
        -- Each byte of a control character is shown as '?', everything else as it is.
        assert_config_error(err, "InvalidRegionError", region:sub(-1) == "\n" and err.message or shown(answer.message))
        assert(err.message:find("^Provided region_name '.*' doesn't match a supported format%.$"), err.message)
      end
    end)
  end

  it("is cut between characters if it is long, and otherwise shown unchanged", function()
    local _, err = new_client { region = ("\195\169"):rep(5000) }
    local text = err.message:match("^Provided region_name '(.*)' doesn't match a supported format%.$")
    assert.are.equal(("\195\169"):rep(math.floor(#text / 2)), text)
    assert.is_true(#text > 100 and #text < 200)
    _, err = new_client { region = "a\255\195\169\195" } -- two bytes that are not UTF-8
    assert.are.equal("Provided region_name 'a?\195\169?' doesn't match a supported format.", err.message)
    _, err = new_client { region = "\224bc" } -- the first byte of three; the letters are none of its own
    assert.are.equal("Provided region_name '?bc' doesn't match a supported format.", err.message)
  end)

  it("comes from the ARN if no setting names one", function()
    local client = client_for {}
    assert.is_nil(client.region)
    for _, region in ipairs { "us-east-1", "eu-west-1", "us-east-1" } do
      local url, scope = sent(client, "arn:aws:ivs:" .. region .. RESOURCE)
      assert.are.equal("https://ivs." .. region .. ".amazonaws.com" .. PATH, url)
      assert.are.equal(region, scope)
    end
    assert.is_nil(client.region)
  end)

  it("from the ARN works with FIPS, dual-stack and a custom endpoint", function()
    local both = client_for { use_fips_endpoint = true, use_dualstack_endpoint = true }
    assert.are.same({ "https://ivs-fips.us-west-2.api.aws" .. PATH, "us-west-2" }, { sent(both) })
    local custom = client_for { endpoint_url = "http://127.0.0.1:4566" }
    assert.are.same({ "http://127.0.0.1:4566" .. PATH, "us-west-2" }, { sent(custom) })
  end)

  it("of a setting overrides the ARN's", function()
    local url, scope = sent(client_for { region = "eu-central-1" })
    assert.are.equal("https://ivs.eu-central-1.amazonaws.com" .. PATH, url)
    assert.are.equal("eu-central-1", scope)
  end)

  for _, arn in ipairs { "x", "", "arn:aws:ivs::123456789012:recording-configuration/x", "arn:aws:ivs" } do
    it("is required if neither a setting nor the ARN has one: '" .. arn .. "'", function()
      for _, endpoint_url in ipairs { "https://ivs.example", false } do
        local step, err = client_for({ endpoint_url = endpoint_url or nil }):call({ arn = arn }):next()
        assert.are.equal("failed", step)
        assert_config_error(err, "NoRegionError", "You must specify a region.")
      end
    end)
  end
end)

describe("an endpoint_url", function()
  for name, url in pairs(BAD_ENDPOINTS) do
    it("is refused with " .. name, function()
      for _, region in ipairs { "us-west-2", false } do
        local client, err = new_client { region = region or nil, endpoint_url = url }
        assert.is_nil(client)
        assert.are.equal("config", err.kind)
        assert(err.message:find("Invalid endpoint", 1, true), err.message)
        assert(not err.message:find("hunter2", 1, true), "the message shows the password")
        assert(not err.message:find("%c"), "the message holds control characters")
      end
    end)
  end
end)
