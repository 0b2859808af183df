/* The common part of both modules. */
#include "module.h"
#include "core/version.h"
#include "decode.h"
#include "lcall.h"
#include "lclient.h"
#include "lfailure.h"
#include "lmessage.h"
#include "lnext.h"
#include "lservice.h"
#include "objects.h"
#include "system.h"

void ivs_module_open(lua_State *L, const luaL_Reg *client_methods) {
  static const luaL_Reg call_methods[] = {{"next", ivs_lnext}, {NULL, NULL}};
  ivs_objects_open(L);
  ivs_lfailure_register(L);
  ivs_lmessage_register(L);
  ivs_decode_register(L);
  lua_newtable(L);
  luaL_setfuncs(L, client_methods, 0);
  lua_newtable(L);
  ivs_system_push(L);
  lua_setfield(L, -2, "system");
  lua_pushcfunction(L, ivs_lservice_call);
  lua_setfield(L, -2, "service_call");
  lua_pushcfunction(L, ivs_lmessage_read_answer);
  lua_setfield(L, -2, "read_answer");
  ivs_lclient_register(L);
  lua_newtable(L);
  luaL_setfuncs(L, call_methods, 0);
  ivs_lcall_register(L);
  lua_createtable(L, 0, 4);
  lua_pushliteral(L, IVS_VERSION);
  lua_setfield(L, -2, "_VERSION");
  ivs_lfailure_push_exceptions(L);
  lua_setfield(L, -2, "exceptions");
}
