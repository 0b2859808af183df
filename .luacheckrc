-- luacheck's settings for all Lua of this tree.
std = "max"
max_line_length = 150
files["lua/resty"] = { std = "max+ngx_lua" }
files["spec"] = { std = "max+busted" }
files["spec/emulator/service.lua"] = { globals = { "ngx" } }
