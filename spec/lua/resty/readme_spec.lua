-- The examples of nginx in the README and in docs/nginx.md run as they are written. The other examples: spec/project/readme_spec.lua.

local nginx = require "support.nginx"
local readme = require "support.readme"
local server = require "emulator.server"
local store = require "emulator.store"

if not nginx.available then return end

describe("the example of nginx", function()
  for _, page in ipairs { "README.md", "docs/nginx.md" } do it("in " .. page .. " answers with the state", function()
    local emulator = server.start()
    local text = readme.nginx(page)
    local environment = emulator:environment()
    local main = {}
    for name in pairs(environment) do main[#main + 1] = "env " .. name .. ";" end
    local site = nginx.start { main = table.concat(main, "\n"), environment = environment,
      http = "lua_ssl_trusted_certificate " .. emulator.ca_bundle .. "; lua_ssl_verify_depth 3; " .. text:match("lua_shared_dict[^;]*;"),
      init_worker = text:match("init_worker_by_lua_block {(.-)}\n"),
      locations = { ["/state"] = { content = text:match("content_by_lua_block {(.-)\n%s*}") } } }
    local body, status = site:get("/state?arn=" .. store.configurations.complete.arn)
    site:stop()
    emulator:stop()
    assert.same({ "ACTIVE\n", 200 }, { body, status })
  end) end
end)
