rockspec_format = "3.0"
package = "recordings-audit"
version = "1.0-1"
source = { url = "git+https://example.com/recordings-audit.git" }
description = { summary = "Checks that every recording configuration is ACTIVE and tagged", license = "MIT" }
dependencies = { "lua >= 5.1", "ivs" }
build = { type = "builtin", modules = {}, install = { bin = { ["recordings-audit"] = "recordings-audit.lua" } } }
