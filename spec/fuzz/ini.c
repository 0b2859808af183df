/*
 * The parser of config files, lua/ivs/config/ini.lua, and shlex.split.
 *
 * Input: the text of a file. Checks: the documented results. A hook counts each executed Lua line for
 * libFuzzer, so that the parser's branches guide it.
 */
#include "fuzz.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t lines[1024];

static lua_State *L;

static void count_line(lua_State *state, lua_Debug *about) {
  (void)state;
  if (about->currentline > 0) lines[about->currentline % (int)sizeof lines]++;
}

static const char check[] =
    "local ini, shlex = require 'ivs.config.ini', require 'ivs.config.shlex'\n"
    "local function is_text(value) return type(value) == 'string' end\n"
    "return function(text)\n"
    "  local sections, line, what = ini.parse(text)\n"
    "  local _, breaks = text:gsub('\\r\\n?', '\\n'):gsub('\\n', '')\n"
    "  if not sections then\n"
    "    assert(type(line) == 'number' and line >= 1 and line <= breaks + 1, 'line')\n"
    "    assert(is_text(what) and not what:find('%c') and #what < 200, 'what')\n"
    "    return\n"
    "  end\n"
    "  local seen = {}\n"
    "  for index, section in ipairs(sections) do\n"
    "    assert(is_text(section.name) and not seen[section.name] and section.name ~= '', 'name')\n"
    "    seen[section.name] = index\n"
    "    for key, value in pairs(section.values) do\n"
    "      assert(is_text(key) and key ~= '' and not key:find('[A-Z\\n=]'), 'key')\n"
    "      if type(value) == 'table' then\n"
    "        for inner, nested in pairs(value) do assert(is_text(inner) and is_text(nested), 'nested') end\n"
    "      else assert(is_text(value), 'value') end\n"
    "    end\n"
    "    local words = shlex.split(section.name)\n"
    "    for _, word in ipairs(words or {}) do assert(is_text(word), 'word') end\n"
    "  end\n"
    "  local words = shlex.split(text)\n"
    "  for _, word in ipairs(words or {}) do assert(is_text(word), 'word') end\n"
    "end\n";

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  L = luaL_newstate();
  REQUIRE(L);
  luaL_openlibs(L);
  if (luaL_dostring(L, check)) fprintf(stderr, "%s\n", lua_tostring(L, -1));
  REQUIRE(lua_isfunction(L, -1));
  lua_sethook(L, count_line, LUA_MASKLINE, 0);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lua_pushvalue(L, -1);
  lua_pushlstring(L, (const char *)data, size);
  if (lua_pcall(L, 1, 0, 0)) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    abort();
  }
  return 0;
}
