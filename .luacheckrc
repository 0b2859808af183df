-- luacheck's settings for all Lua of this tree.
std = "max"
max_line_length = 150
files["spec"] = { std = "max+busted" }
files["spec/emulator/service.lua"] = { globals = { "ngx" } }
