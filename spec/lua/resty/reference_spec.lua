--- docs/nginx.md and the annotations in lua/ivs/types/nginx.lua name every function, method and option of resty.ivs, and no other.
-- (The synopsis of docs/nginx.md runs in readme_spec.)

local annotations = require "support.annotations"
local nginx = require "support.nginx"
local readme = require "support.readme"

if not nginx.available then return end

local text = readme.text "docs/nginx.md"

local function sorted(set)
  local names = {}
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- The section of a heading, without its subsections.
local function section(heading)
  local _, from = text:find("\n#+ " .. heading:gsub("%p", "%%%0") .. "\n")
  assert(from, heading)
  return text:sub(from, text:find("\n#", from, true) or -1)
end

--- The names in the first column of a section's table.
local function rows_of(heading)
  local names = {}
  for name in section(heading):gmatch "\n| `([%w_]+)` |" do names[name] = true end
  return sorted(names)
end

--- The headings of the third level that match a pattern.
local function headings(pattern)
  local names = {}
  for heading in text:gmatch "\n### ([^\n]+)" do
    local name = heading:match(pattern)
    if name then names[name] = true end
  end
  return sorted(names)
end

describe("docs/nginx.md", function()
  local site

  lazy_setup(function() site = nginx.start { http = "lua_shared_dict cached 1m;" } end)
  lazy_teardown(function() site:stop() end)

  it("has each function of the module", function()
    assert.same(headings "^([%l_]+)$", site:run [[
      local names = {}
      for name, value in pairs(require "resty.ivs") do
        if type(value) == "function" then names[#names + 1] = name end
      end
      table.sort(names)
      return names]])
  end)

  it("has each method of a client", function()
    assert.same(headings "^client:([%l_]+)$", site:run [[
      local names, index = {}, getmetatable(require("resty.ivs").client {}).__index
      local _, methods = debug.getupvalue(index, 1)
      for name in pairs(methods) do names[#names + 1] = name end
      table.sort(names)
      return names]])
  end)

  it("has a syntax and a context for each of them, and links to each", function()
    for _, pattern in ipairs { "^([%l_]+)$", "^(client:[%l_]+)$" } do
      for _, name in ipairs(headings(pattern)) do
        local its = section(name)
        assert.truthy(its:find("**syntax:** *", 1, true) and its:find("*context: ", 1, true), name)
        assert.truthy(its:find(name .. "(", 1, true), name)
        assert.truthy(text:find("(#" .. name:gsub(":", "") .. ")", 1, true), name)
      end
    end
  end)

  for heading, module in pairs { ["Options of the cache"] = "resty.ivs.cache", ["Options of Redis"] = "resty.ivs.cache.redis" } do
    it("has each of the " .. heading:lower(), function()
      assert.same(rows_of(heading), site:run([[
        local new = require(%q).new
        for at = 1, 60 do
          local name, rows = debug.getupvalue(new, at)
          if name == "ROWS" then
            local names = {}
            for row in pairs(rows) do names[#names + 1] = row end
            table.sort(names)
            return names
          end
        end]], module))
    end)

    it("has the defaults of the " .. heading:lower(), function()
      local defaults = site:run([[
        local new, defaults = require(%q).new, {}
        for at = 1, 60 do
          local name, rows = debug.getupvalue(new, at)
          if name == "ROWS" then
            for row, its in pairs(rows) do defaults[row] = its.default ~= nil and tostring(its.default) or nil end
            return defaults
          end
        end]], module)
      for name, default in pairs(defaults) do
        local shown = section(heading):match("\n| `" .. name .. "` | ([^|]-) |")
        assert.equal(default, shown and shown:gsub("`", ""), name)
      end
    end)
  end

  it("has each option that nginx adds", function()
    assert.same({ "cache", "keepalive_timeout", "pool_size" }, rows_of "Options of the client")
    for _, name in ipairs(rows_of "Options of the client") do
      assert.is_true(site:run([[return (pcall(require("resty.ivs").client, { [%q] = %q == "cache" and { dict = "cached" } or 5 }))]], name, name))
    end
  end)

  it("has the phases in which a call can be made", function()
    local PHASE = { rewrite_by_lua = "rewrite", server_rewrite_by_lua = "server_rewrite", access_by_lua = "access",
      content_by_lua = "content", ssl_certificate_by_lua = "ssl_cert", ["ngx.timer."] = "timer" }
    local contexts = {}
    for line in text:gmatch "\n%*context: ([^\n]*%*)" do
      if line:find("rewrite", 1, true) then contexts[line] = true end
    end
    assert.equal(1, #sorted(contexts)) -- all calls have the same
    local documented = {}
    for directive in sorted(contexts)[1]:gmatch "([%w_.]+)\\%*" do documented[assert(PHASE[directive], directive)] = true end
    assert.same(sorted(documented), site:run [[
      local get_phase, phases, names = ngx.get_phase, require "resty.ivs.phases", {}
      for _, phase in ipairs { "init", "init_worker", "exit_worker", "set", "rewrite", "server_rewrite", "access", "content", "log", "balancer",
        "header_filter", "body_filter", "timer", "ssl_cert", "ssl_session_fetch", "ssl_session_store", "ssl_client_hello", "preread" } do
        ngx.get_phase = function() return phase end
        if phases.check() then names[#names + 1] = phase end
      end
      ngx.get_phase = get_phase
      table.sort(names)
      return names]])
  end)

  it("has the members of stats", function()
    local stats = site:run [[return require("resty.ivs").client({ cache = { dict = "cached" } }):stats()]]
    local its = section "client:stats"
    for name in pairs(stats) do assert.truthy(its:find("`" .. name .. "`", 1, true), name) end
    for name in pairs(stats.cache) do assert.truthy(its:find("`" .. name .. "`", 1, true), name) end
  end)
end)

describe("the annotations of resty.ivs", function()
  local classes = annotations.classes
  local site

  lazy_setup(function() site = nginx.start { http = "lua_shared_dict cached 1m;" } end)
  lazy_teardown(function() site:stop() end)

  it("have each function of the module", function()
    assert.same(annotations.sorted(classes["resty.ivs"].functions), site:run [[
      local names = {}
      for name, value in pairs(require "resty.ivs") do
        if type(value) == "function" then names[#names + 1] = name end
      end
      table.sort(names)
      return names]])
  end)

  it("have each method of a client", function()
    local documented = {}
    for _, class in ipairs { "ivs.Client", "resty.ivs.Client" } do
      for name in pairs(classes[class].functions) do documented[name] = true end
    end
    assert.same(annotations.sorted(documented), site:run [[
      local names, index = {}, getmetatable(require("resty.ivs").client {}).__index
      local _, methods = debug.getupvalue(index, 1)
      for name in pairs(methods) do names[#names + 1] = name end
      table.sort(names)
      return names]])
  end)

  it("have each option that nginx adds", function()
    local own = {}
    for _, name in ipairs(rows_of "Options of the client") do own[name] = true end
    assert.same(annotations.sorted(own), annotations.sorted(classes["resty.ivs.Options"].fields))
  end)

  for class, module in pairs { ["resty.ivs.Cache"] = "resty.ivs.cache", ["resty.ivs.Redis"] = "resty.ivs.cache.redis" } do
    it(("have each option of %s, its type and its default"):format(module), function()
      local rows = site:run([[
        local new, rows = require(%q).new, {}
        for at = 1, 60 do
          local name, value = debug.getupvalue(new, at)
          if name == "ROWS" then
            for row, its in pairs(value) do
              rows[row] = { type = its.type, or_false = its.or_false, required = its.required or false, default = tostring(its.default) }
            end
            return rows
          end
        end]], module)
      assert.same(annotations.sorted(rows), annotations.sorted(classes[class].fields))
      for name, row in pairs(rows) do
        local type = classes[class].types[name]
        assert.equal(row.required, not classes[class].optional[name], name)
        if row.type:find "^%l+$" and row.type ~= "table" then
          assert.equal(row.type .. (row.or_false and "|false" or ""), type:match "^%S+", name)
        end
        if row.default ~= "nil" then assert.truthy(type:gsub("`", ""):find("default " .. row.default, 1, true), name) end
      end
    end)
  end

  it("have the members of stats", function()
    local stats = site:run [[return require("resty.ivs").client({ cache = { dict = "cached" } }):stats()]]
    assert.same(annotations.sorted(stats), annotations.sorted(classes["resty.ivs.Stats"].fields))
    for name in pairs(stats.cache) do assert.truthy(classes["resty.ivs.Stats"].types.cache:find("`" .. name .. "`", 1, true), name) end
    for name in classes["resty.ivs.Stats"].types.cache:gmatch "`([%l_]+)`" do assert.is_number(stats.cache[name], name) end
  end)
end)
