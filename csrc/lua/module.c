/* Opens the common part of both modules. */
#include "lua/module.h"
#include "core/version.h"
#include "lua/decode.h"
#include "lua/call.h"
#include "lua/client.h"
#include "lua/failure.h"
#include "lua/message.h"
#include "lua/next.h"
#include "lua/service.h"
#include "lua/objects.h"
#include "lua/system.h"

void ivs_lua_module_open(lua_State *L, const luaL_Reg *client_methods) {
  static const luaL_Reg call_methods[] = {{"next", ivs_lua_next_step}, {NULL, NULL}};
  ivs_lua_objects_open(L);
  ivs_lua_failure_register(L);
  ivs_lua_message_register(L);
  ivs_lua_decode_register(L);
  lua_newtable(L);
  luaL_setfuncs(L, client_methods, 0);
  lua_newtable(L);
  ivs_lua_system_push(L);
  lua_setfield(L, -2, "system");
  lua_pushcfunction(L, ivs_lua_service_call);
  lua_setfield(L, -2, "service_call");
  lua_pushcfunction(L, ivs_lua_message_read_response);
  lua_setfield(L, -2, "read_response");
  ivs_lua_client_register(L);
  lua_newtable(L);
  luaL_setfuncs(L, call_methods, 0);
  ivs_lua_call_register(L);
  lua_createtable(L, 0, 4);
  lua_pushliteral(L, IVS_VERSION);
  lua_setfield(L, -2, "_VERSION");
  ivs_lua_failure_push_exceptions(L);
  lua_setfield(L, -2, "exceptions");
}
