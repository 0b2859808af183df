/* The common part of both modules. */
#include "module.h"
#include "core/version.h"
#include "decode.h"
#include "lcall.h"
#include "lclient.h"
#include "lfailure.h"

static void push_methods(lua_State *L, const luaL_Reg *methods) {
  lua_newtable(L);
  if (methods) luaL_setfuncs(L, methods, 0);
}

void ivs_module_open(lua_State *L, const luaL_Reg *client_methods, const luaL_Reg *call_methods) {
  ivs_lfailure_register(L);
  ivs_decode_register(L);
  push_methods(L, client_methods);
  ivs_lclient_register(L);
  push_methods(L, call_methods);
  ivs_lcall_register(L);
  lua_createtable(L, 0, 4);
  lua_pushliteral(L, IVS_VERSION);
  lua_setfield(L, -2, "_VERSION");
  ivs_lfailure_push_exceptions(L);
  lua_setfield(L, -2, "exceptions");
}
