rockspec_format = "3.0"
package = "ivs"
version = "1.0.0-1"
source = { url = "https://example.org/ivs/ivs-1.0.0.tar.gz" }
description = {
  summary = "Amazon IVS GetRecordingConfiguration, natively: signed, retried, decoded in C",
  detailed = [[
    Calls Amazon IVS GetRecordingConfiguration with boto3's coverage (credential sources, endpoint rules, retry modes) from
    plain Lua scripts and, over cosockets, from nginx; with batches, a shared cache, checks and a command.
  ]],
  homepage = "https://example.org/ivs",
  issues_url = "https://example.org/ivs/issues",
  maintainer = "the ivs authors",
  license = "MIT",
  labels = { "aws", "ivs", "http", "nginx", "openresty", "commandline" },
}
supported_platforms = { "linux", "macosx", "bsd" }
-- Roles read AWS STS's XML with luaexpat. Without it all else works, and a role's error says what to install: luarocks install luaexpat.
dependencies = { "lua >= 5.1, < 5.6", "lua-cjson", "argparse" }
external_dependencies = {
  CURL = { library = "curl" }, -- Debian keeps its header where the compiler, but not LuaRocks, looks: the Makefile checks it
  CRYPTO = { header = "openssl/evp.h", library = "crypto" },
}
build = {
  type = "make",
  build_target = "rock",
  install_target = "install-rock",
  build_variables = {
    CC = "$(CC)",
    CFLAGS = "$(CFLAGS)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    CURL_INCDIR = "$(CURL_INCDIR)",
    CURL_LIBDIR = "$(CURL_LIBDIR)",
    CRYPTO_INCDIR = "$(CRYPTO_INCDIR)",
    CRYPTO_LIBDIR = "$(CRYPTO_LIBDIR)",
  },
  install_variables = {
    LUA_INCDIR = "$(LUA_INCDIR)", LUADIR = "$(LUADIR)", LIBDIR = "$(LIBDIR)", BINDIR = "$(BINDIR)",
  },
  copy_directories = { "docs", "examples" },
}
-- Some of the specs, against the installed module; `make test` runs all.
test_dependencies = { "busted", "luaossl" }
test = { type = "busted", flags = { "--run", "rock" } }
