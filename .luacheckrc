-- luacheck's settings for all Lua of this tree.
std = "max"
max_line_length = 160
files["lua/resty"] = { std = "max+ngx_lua" }
files["examples/nginx"] = { std = "max+ngx_lua" }
files["spec/support/line_counter.lua"] = { globals = { "coroutine" } }
files["examples/own_project_spec.lua"] = { std = "max+busted" }
files["spec"] = { std = "max+busted" }
files["spec/emulator/service.lua"] = { globals = { "ngx" } }
files["spec/faults/memory/scenarios.lua"] = { globals = { "watch_secret", "secret_is_kept" } }
files["spec/bench/locations.lua"] = { globals = { "ngx" } }
-- annotations only: functions without bodies
files["lua/ivs/types.lua"] = { unused_args = false, ignore = { "241" } }
files["lua/ivs/types"] = { unused_args = false, ignore = { "241" }, max_line_length = false }
