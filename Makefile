# ivs: build, test, demo. `make help` lists the goals.
# Debian packages that are missing are installed by `make setup`, which demo and test begin with; all that is built goes
# into .build/.

LUAS      := lua5.1 lua5.2 lua5.3 lua5.4 luajit
LUA       ?= lua5.4
B         := .build

CC        ?= cc
CFLAGS    ?= -O2 -g
WARNINGS  := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla \
             -Wwrite-strings -Wformat=2 -Wundef -Werror
OUR_FLAGS := -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -MMD -MP $(WARNINGS) -Icsrc
OUR_LINK  := -shared -Wl,-z,now -Wl,--as-needed

# The core sees neither Lua's nor curl's include path; only what needs them gets them.
CORE      := $(patsubst csrc/%.c,$(B)/obj/%.o,$(wildcard csrc/core/*.c))
CURL      := $(patsubst csrc/%.c,$(B)/obj/%.o,$(wildcard csrc/curl/*.c))
IVS_ONLY  := ivs blocking
LUA_ALL   := $(patsubst csrc/lua/%.c,%,$(wildcard csrc/lua/*.c))
LUA_BOTH  := $(filter-out core $(IVS_ONLY),$(LUA_ALL))

PACKAGES  := gcc make pkg-config libssl-dev libcurl4-openssl-dev \
             lua5.1 lua5.2 lua5.3 lua5.4 luajit2 liblua5.1-0-dev liblua5.2-dev liblua5.3-dev liblua5.4-dev \
             libluajit2-5.1-dev lua-cjson lua-expat lua-busted lua-check lua-luaossl luarocks \
             nginx-light libnginx-mod-http-lua openssl python3 python3-botocore ca-certificates procps
TOOLS     := clang libclang-rt-14-dev valgrind clang-format clang-tidy

.PHONY: all build help
all: build
build: $(foreach lua,$(LUAS),$(B)/$(lua)/ivs.so $(B)/$(lua)/ivs/core.so) ## every Lua's shared objects

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | sort | expand -t 14

$(B)/obj/core/%.o: csrc/core/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(OUR_FLAGS) -c -o $@ $<

$(B)/obj/curl/%.o: csrc/curl/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(OUR_FLAGS) $$(pkg-config --cflags libcurl) -c -o $@ $<

define for_lua
$(B)/$(1)/obj/%.o: csrc/lua/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(OUR_FLAGS) $$$$(pkg-config --cflags $(1)) -c -o $$@ $$<

$(B)/$(1)/ivs.so: $(CORE) $(CURL) $(patsubst %,$(B)/$(1)/obj/%.o,$(LUA_BOTH) $(IVS_ONLY))
	$$(CC) $$(CFLAGS) $$(LDFLAGS) $(OUR_LINK) -o $$@ $$^ $$$$(pkg-config --libs libcurl libcrypto) -lm -lpthread

$(B)/$(1)/ivs/core.so: $(CORE) $(patsubst %,$(B)/$(1)/obj/%.o,$(LUA_BOTH) core)
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) $(OUR_LINK) -o $$@ $$^ $$$$(pkg-config --libs libcrypto) -lm -lpthread
endef
$(foreach lua,$(LUAS),$(eval $(call for_lua,$(lua))))

-include $(wildcard $(B)/obj/*/*.d $(B)/*/obj/*.d)

.PHONY: clean
clean: ## removes what was built
	rm -rf .build
