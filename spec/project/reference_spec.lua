--- The annotations in lua/ivs/types.lua and lua/ivs/types/, and the page that `make docs` makes of them, name what the modules have, and
-- nothing else. (Of resty.ivs: spec/lua/resty/reference_spec.)

local annotations = require "support.annotations"
local check = require "ivs.check"
local core = require "ivs.core"
local ivs = require "ivs"
local readme = require "support.readme"
local settings = require "ivs.config.settings"
local shape = require "ivs.shape"
local shell = require "emulator.shell"
local stub = require "ivs.stub"

local classes, aliases, sorted = annotations.classes, annotations.aliases, annotations.sorted

--- The public functions of a table.
local function functions_of(module)
  local set = {}
  for name, value in pairs(module) do
    if type(value) == "function" and name:find "^%l" then set[name] = true end
  end
  return set
end

--- The methods in the C source of a module: client_methods of `luaL_Reg`.
local function methods_in(file)
  local set = {}
  local list = readme.text(file):match "client_methods%[%] = (%b{})"
  for name in list:gmatch '{"([%w_]+)"' do set[name] = true end
  return set
end

describe("the annotations", function()
  it("have each function of the modules, and no other", function()
    for name, module in pairs { ivs = ivs, ["ivs.core"] = core, ["ivs.check"] = check, ["ivs.stub"] = stub } do
      assert.same(sorted(functions_of(module)), sorted(classes[name].functions), name)
    end
  end)

  it("have each method of the clients, of a call, of the reader and of the stand-in", function()
    assert.same(sorted(methods_in "csrc/lua/blocking/ivs.c"), sorted(classes["ivs.Client"].functions))
    local client = ivs.client { region = "us-west-2" }
    for name in pairs(classes["ivs.Client"].functions) do assert.is_function(client[name], name) end
    assert.same(sorted(methods_in "csrc/lua/driver/core.c"), sorted(classes["ivs.core.Client"].functions))
    local driver = core.client { region = "us-west-2" }
    for name in pairs(classes["ivs.core.Client"].functions) do assert.is_function(driver[name], name) end
    assert.is_function(driver:call("arn").next)
    local reader = core.http_reader(10)
    for name in pairs(classes["ivs.core.Reader"].functions) do assert.is_function(reader[name], name) end
    local service = stub.new {}
    assert.is_function(service.options)
    assert.same(sorted(classes["ivs.StubService"].fields), { "requests", "transport" })
    for name in pairs(classes["ivs.StubService"].fields) do assert.is_not_nil(service[name], name) end
  end)

  it("have each option, all optional, with the type and the default of the settings", function()
    local options = {}
    for _, row in ipairs(settings.rows) do
      options[row.name] = true
      local type = classes["ivs.Options"].types[row.name]
      local word = row.type:match "^%l+"
      if word ~= "table" and word ~= "function" and not type:find '^"' then assert.equal(word, type:match "^%l+", row.name) end
      if row.default ~= nil and row.default ~= false then
        local shown = tostring(row.default):gsub("^1048576$", "1,048,576")
        assert.truthy(type:find("default " .. shown, 1, true), row.name)
      end
    end
    assert.same(sorted(options), sorted(classes["ivs.Options"].fields))
    assert.same(sorted(options), sorted(classes["ivs.Options"].optional))
  end)

  it("have each member of the responses, with the type of the service model", function()
    local CLASS = { ["ivs.RecordingConfiguration"] = shape.configuration, ["ivs.Summary"] = shape.summary }
    local function compare(class, node)
      assert.same(sorted(node.members), sorted(classes[class].fields), class)
      for name, member in pairs(node.members) do
        local type = classes[class].types[name]:match "^%S+"
        if member.type == "structure" then
          compare(type, member)
        elseif member.type == "map" then
          assert.equal("table<string,string>", type)
        elseif member.type == "list" then
          assert.truthy(type:find "%[%]$", class .. "." .. name)
        elseif member.type == "integer" then
          assert.equal("integer", type)
        else
          assert.truthy(type == "string" or type:find '^"' or aliases[type], class .. "." .. name)
        end
      end
    end
    for class, node in pairs(CLASS) do compare(class, node) end
  end)

  it("have the enumerations of botocore's model", function()
    local text, status = shell.run([[$(command -v /usr/bin/python3 || command -v python3) -c '
import botocore.session, json
shapes = botocore.session.get_session().get_service_model("ivs")
print(json.dumps({name: shapes.shape_for(name).enum for name in shapes.shape_names if "enum" in shapes._service_description["shapes"][name]}))']])
    assert.equal(0, status)
    local enums = require "cjson".decode(text)
    local function words(type)
      local set = {}
      for word in (aliases[type] or type):match "^[%S]+":gmatch '"([%u_]+)"' do set[word] = true end
      return sorted(set)
    end
    local function enum(name)
      local set = {}
      for _, word in ipairs(enums[name]) do set[word] = true end
      return sorted(set)
    end
    local thumbnails, renditions = classes["ivs.ThumbnailConfiguration"].types, classes["ivs.RenditionConfiguration"].types
    local compared = 0
    for name, type in pairs { RecordingConfigurationState = "ivs.State", RenditionConfigurationRendition = "ivs.Resolution",
      ThumbnailConfigurationResolution = "ivs.Resolution", RecordingMode = thumbnails.recordingMode,
      ThumbnailConfigurationStorage = thumbnails.storage, RenditionConfigurationRenditionSelection = renditions.renditionSelection } do
      if enums[name] then -- an older botocore does not have all
        assert.same(enum(name), words(type), name)
        compared = compared + 1
      end
    end
    assert.is_true(compared >= 2, compared)
  end)

  it("have each field and kind of an error", function()
    local function raised(options, arn)
      options.region, options.env = "us-west-2", { HOME = "/nonexistent", AWS_EC2_METADATA_DISABLED = "true" }
      return select(2, ivs.client(options):get_recording_configuration(arn or "arn:aws:ivs:us-west-2:1:recording-configuration/x"))
    end
    local service = stub.new { x = { error = "AccessDeniedException", message = "no" } }
    local FIELDS = { "kind", "code", "message", "operation_name", "status", "request_id", "headers", "attempts", "retryable", "causes",
      "cause", "response" }
    table.sort(FIELDS)
    assert.same(FIELDS, sorted(classes["ivs.Error"].fields))
    for _, err in ipairs { raised(service:options()), raised {}, raised({}, "") } do
      for name in pairs(classes["ivs.Error"].fields) do
        if not classes["ivs.Error"].optional[name] then assert.is_not_nil(err[name], name) end
      end
    end
    local kinds = {}
    for kind in readme.text("csrc/core/failure.h"):match "#define IVS_KINDS%(X%)(.-)\n\n":gmatch '"(%l+)"' do kinds[kind] = true end
    local documented = {}
    for kind in aliases["ivs.Kind"]:gmatch '"(%l+)"' do documented[kind] = true end
    assert.same(sorted(kinds), sorted(documented))
  end)

  it("have each code of ivs.exceptions, with its own name as its type and a meaning", function()
    local codes = {}
    for _, list in ipairs { "SERVICE", "CLIENT" } do
      local text = readme.text("csrc/core/failure.h"):match("#define IVS_" .. list .. "_CODES%(X%)(.-)\n\n")
      for code in text:gmatch "X%((%w+)%)" do codes[code] = true end
    end
    assert.same(sorted(codes), sorted(classes["ivs.Exceptions"].fields))
    for code, type in pairs(classes["ivs.Exceptions"].types) do
      assert.equal(code, ivs.exceptions[code])
      assert.truthy(type:find('^"' .. code .. '" %S+.*: %S'), code)
    end
  end)

  it("say which members of the responses the service model requires", function()
    local text, status = shell.run([[$(command -v /usr/bin/python3 || command -v python3) -c '
import botocore.session, json
model = botocore.session.get_session().get_service_model("ivs")
print(json.dumps({name: model.shape_for(name).required_members for name in model.shape_names if model.shape_for(name).type_name == "structure"}))']])
    assert.equal(0, status)
    local required = require "cjson".decode(text)
    for class, name in pairs { ["ivs.RecordingConfiguration"] = "RecordingConfiguration", ["ivs.Summary"] = "RecordingConfigurationSummary",
      ["ivs.DestinationConfiguration"] = "DestinationConfiguration", ["ivs.S3DestinationConfiguration"] = "S3DestinationConfiguration",
      ["ivs.ThumbnailConfiguration"] = "ThumbnailConfiguration" } do
      local documented = {}
      for field in pairs(classes[class].fields) do
        if not classes[class].optional[field] then documented[#documented + 1] = field end
      end
      table.sort(documented)
      table.sort(required[name])
      assert.same(required[name], documented, class)
    end
  end)

  it("have what a stand-in records of a request", function()
    local service = stub.new { x = { state = "ACTIVE" } }
    local client = ivs.client(service:options())
    client:get_recording_configuration "x"
    client:list_recording_configurations { maxResults = 5 }
    client:list_recording_configurations { nextToken = "ivs-stub-1" }
    local seen = {}
    for _, request in ipairs(service.requests) do
      for name in pairs(request) do seen[name] = true end
    end
    assert.same(sorted(seen), sorted(classes["ivs.StubRequest"].fields))
  end)

  it("have each field of client:credentials()", function()
    local seen = {}
    for name in pairs(ivs.client({ region = "us-west-2", env = { HOME = "/nonexistent" }, endpoint_url = "http://localhost:1",
      credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "x", expiration = 4102444800 } }):credentials()) do seen[name] = true end
    seen.unreadable_files = true -- only where a file cannot be read
    for _, name in ipairs(sorted(seen)) do assert.truthy(classes["ivs.Description"].fields[name], name) end
    for name in pairs(classes["ivs.Description"].fields) do assert.truthy(seen[name], name) end
  end)

  it("have each level that the sources log with", function()
    local text = shell.run([[cd ]] .. shell.quote(readme.root) .. [[ && grep -rhoE '(log|logger|log_text|write)\([^"]*"(debug|info|warn|error)"' csrc lua]])
    local levels, documented = {}, {}
    for level in text:gmatch '"(%l+)"' do levels[level] = true end
    for level in aliases["ivs.LogLevel"]:gmatch '"(%l+)"' do documented[level] = true end
    assert.same(sorted(levels), sorted(documented))
  end)

  it("name the module that a file describes, and leave out no file", function()
    local described, on_disk, listed = {}, {}, { ["lua/ivs/types.lua"] = true }
    for _, file in ipairs(annotations.files) do
      local text = readme.text("lua/ivs/" .. file .. ".lua")
      local name = text:match "^%-%-%-@meta ([%w_.]+)\n"
      assert.is_string(name, file)
      if name == "_" then
        assert.is_nil(text:find "\nfunction ", file)
      else
        described[name] = true
        assert.is_not_nil(next(classes[name].functions), file)
        assert.equal(name, text:match "%-%-%-@class ([%w_.]+)", file)
      end
      listed["lua/ivs/" .. file .. ".lua"] = true
    end
    assert.same({ "ivs", "ivs.check", "ivs.core", "ivs.stub", "resty.ivs" }, sorted(described))
    for path in shell.run("cd " .. shell.quote(readme.root) .. " && ls lua/ivs/types.lua lua/ivs/types/*.lua"):gmatch "[^\n]+" do on_disk[path] = true end
    assert.same(sorted(on_disk), sorted(listed))
  end)

  it("name no class that they do not define", function()
    for _, file in ipairs(annotations.files) do
      for line in readme.text("lua/ivs/" .. file .. ".lua"):gmatch "[^\n]+" do
        local its = line:match "^%-%-%-@%l+ (.*)$"
        for name in (its or ""):gmatch "%f[%w]r?e?s?t?y?%.?ivs%.[%u][%w_]*" do
          assert.truthy(classes[name] or aliases[name], name)
        end
      end
    end
  end)
end)

describe("make docs", function()
  it("makes one page that has every class, alias, field and function, and no link to what it lacks", function()
    local directory = shell.run "mktemp -d":match "[^\n]+"
    local output, status = shell.run(("exec 2>&1; env -u MAKEFLAGS -u LUA_PATH -u LUA_CPATH make -s docs B=%s"):format(directory))
    assert.same({ directory .. "/docs/index.html\n", 0 }, { output, status })
    local file = assert(io.open(directory .. "/docs/index.html", "rb"))
    local page = file:read "*a"
    file:close()
    shell.run("rm -rf " .. directory)
    for name in pairs(aliases) do assert.truthy(page:find("<strong>" .. name .. "</strong>", 1, true), name) end
    for name, class in pairs(classes) do
      assert.truthy(page:find("<strong>" .. name .. "</strong>", 1, true), name)
      for field in pairs(class.fields) do assert.truthy(page:find(">" .. field .. "<", 1, true) or page:find(field .. ":", 1, true), name .. "." .. field) end
      for member in pairs(class.functions) do assert.truthy(page:find(member .. "(", 1, true) or page:find(member .. "%s*<"), name .. ":" .. member) end
    end
    local anchors, links = {}, 0
    for anchor in page:gmatch '<a name%s*=%s*"([^"]+)"' do anchors[anchor] = true end
    for anchor in page:gmatch 'href="[%w.]*#([^"]+)"' do
      assert.is_true(anchors[anchor], anchor)
      links = links + 1
    end
    assert.is_true(links > 100, links)
  end)
end)
