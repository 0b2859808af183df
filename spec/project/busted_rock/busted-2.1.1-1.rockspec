-- Debian's busted as a rock, for `luarocks test`, which asks for one.
rockspec_format = "3.0"
package = "busted"
version = "2.1.1-1"
source = { url = "git+https://example.org/busted.git" }
build = { type = "builtin", modules = {}, install = { bin = { busted = "busted.lua" } } }
