# ivs: build, test, demo. `make help` lists the goals and the variables.
# `make demo`, `make test` and the goals that need more tools first install the Debian packages that are missing. All that is built
# goes into .build/.

#: LUA             the Lua of make, make demo and make env: a name that pkg-config knows (the first that is installed)
#: LUAS            the Luas of make build and make test (lua5.1 lua5.2 lua5.3 lua5.4 luajit, and lua5.5 if it is installed)
#: B               the build folder (.build)
#: CC, CFLAGS, LDFLAGS, WERROR=-Werror
#: CURL_INCDIR, CURL_LIBDIR, CRYPTO_INCDIR, CRYPTO_LIBDIR   another libcurl or libcrypto than the system's
#: SPECS           files or folders that make test runs in place of all (spec)
#: JOBS            how many spec files run at a time (4 for each processor)
#: SECONDS         how long make fuzz runs each target (20), or make soak its scenario (storm 600, pace 300)
#: VERSION         of make release; HOMEPAGE, the address that takes the place of https://example.org/ivs in the rockspec
#: LUA_INCDIR      the folder of lua.h, where there is no pkg-config
#: SCENARIO        of make soak: storm (troubles of all kinds) or pace (more answers than the quota can refresh)

# $(1) if pkg-config finds the headers of this Lua, and PATH its interpreter.
is_installed = $(shell pkg-config --exists $(1) 2>/dev/null && command -v $(1) >/dev/null && echo $(1))
# Debian's; and Lua 5.5 where it is installed, with its lua-cjson in LUA_CPATH.
LUAS      := lua5.1 lua5.2 lua5.3 lua5.4 luajit $(call is_installed,lua5.5)
ifndef LUA
LUA       := $(firstword $(foreach lua,lua5.4 luajit lua5.3 lua5.1 lua5.2 lua5.5 lua,$(call is_installed,$(lua))) lua5.4)
endif
EACH_LUA  := $(sort $(LUAS) $(LUA))
B         := .build

CC        ?= cc
CFLAGS    ?= -O2 -g
WARNINGS  := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla \
             -Wwrite-strings -Wformat=2 -Wundef
# -Werror where this project is developed. A user's compiler may know warnings that ours does not.
WERROR    ?=
OUR_FLAGS := -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -MMD -MP $(WARNINGS) $(WERROR)
# Not unloaded at lua_close: a finalizer may run later, and a name lookup of libcurl may still run in a thread. (macOS unloads no bundle that
# has thread-local or Objective-C data; its ld has no -z.)
OUR_LINK  := $(if $(filter Darwin,$(shell uname -s)),-bundle -undefined dynamic_lookup,-shared -Wl,-z,now -Wl,-z,nodelete -Wl,--as-needed)
CRYPTO    := $(if $(CRYPTO_LIBDIR),-L$(CRYPTO_LIBDIR)) -lcrypto
CURL      := $(if $(CURL_LIBDIR),-L$(CURL_LIBDIR)) -lcurl

CORE_OBJ  := $(patsubst csrc/%.c,$(B)/obj/%.o,$(wildcard csrc/core/*.c))
CURL_OBJ  := $(patsubst csrc/%.c,$(B)/obj/%.o,$(wildcard csrc/curl/*.c))
# csrc/lua/*.c are in both shared objects, csrc/lua/blocking in ivs.so alone, csrc/lua/driver in ivs/core.so alone.
lua_objects = $(patsubst csrc/lua/%.c,%,$(wildcard csrc/lua/$(1)*.c))
LUA_BOTH  := $(call lua_objects,)
IVS_ONLY  := $(call lua_objects,blocking/)
CORE_ONLY := $(call lua_objects,driver/)

PACKAGES_lua5.1 := lua5.1 liblua5.1-0-dev
PACKAGES_lua5.2 := lua5.2 liblua5.2-dev
PACKAGES_lua5.3 := lua5.3 liblua5.3-dev
PACKAGES_lua5.4 := lua5.4 liblua5.4-dev
PACKAGES_luajit := luajit2 libluajit2-5.1-dev
# The module, and the emulator, which is an nginx.
DEMO_PACKAGES := gcc libc6-dev make pkg-config libssl-dev libcurl4-openssl-dev $(PACKAGES_$(LUA)) lua-cjson lua-luaossl \
             nginx-light libnginx-mod-http-lua openssl ca-certificates
PACKAGES  := $(DEMO_PACKAGES) $(foreach lua,$(LUAS),$(PACKAGES_$(lua))) lua-argparse lua-expat lua-busted lua-check lua-cqueues luarocks \
             lua-ldoc lua-nginx-redis redis-server redis-tools tinyproxy wrk curl perl python3 python3-botocore python3-yaml procps
TOOLS     := clang libclang-rt-14-dev valgrind clang-format clang-tidy

.PHONY: all build help env
all: $(B)/$(LUA)/ivs.so $(B)/$(LUA)/ivs/core.so ## the shared objects of one Lua (LUA)
build: $(foreach lua,$(LUAS),$(B)/$(lua)/ivs.so $(B)/$(lua)/ivs/core.so) ## every Lua's shared objects

help: ## this list
	@sed -n 's/\$$\$$/$$/; s/^\([a-z][a-z_.-]*\):.*## /\1\t/p' Makefile | sort | expand -t 23
	@printf '\nVariables (make GOAL NAME=VALUE):\n'
	@sed -n 's/^#: //p' Makefile

env: ## for eval "$$(make -s env)": Lua finds the modules of this tree
	@echo "export LUA_PATH='$(CURDIR)/lua/?.lua;'\"\$${LUA_PATH:-;}\" LUA_CPATH='$(abspath $(B))/$(LUA)/?.so;'\"\$${LUA_CPATH:-;}\""

# One entry for each C file, as it is compiled for one Lua (LUA).
compile_commands.json: FORCE ## for clangd and other tools that read C
	@$(MAKE) --no-print-directory -Bn all | sed -n 's|^.* -c -o .* \(csrc/.*\.c\)$$|,{"directory": "$(CURDIR)", "file": "\1", "command": "&"}|p' | \
	  sed "1s/,/[/; s|\$$(pkg-config --cflags $(LUA))|$$(pkg-config --cflags $(LUA))|; \$$s/$$/]/" >$@

# csrc/core includes only its own files, csrc/curl also the core, csrc/lua all: a dependency in the wrong direction does not compile. Where
# curl.h or lua.h are on the compiler's own path, their include guards, defined, hide what they declare.
NO_LUA    := -Dlua_h -Dlauxlib_h
NO_CURL   := -DCURLINC_CURL_H

$(B)/obj/core/%.o: csrc/core/%.c | $(B)/headers
	@mkdir -p $(@D)
	@echo CC $@
	@$(CC) $(CFLAGS) $(OUR_FLAGS) $(NO_LUA) $(NO_CURL) $(addprefix -I,$(CRYPTO_INCDIR)) -c -o $@ $<

# A missing library is named before the compiler complains of what follows from it.
define HEADERS
\#include <curl/curl.h>
\#include <openssl/opensslv.h>
\#if OPENSSL_VERSION_MAJOR < 3
\#error "OpenSSL 3 is needed"
\#endif
endef
export HEADERS
$(B)/headers: $(B)/libcurl
	@echo "$$HEADERS" | sed 's/^\\//' | $(CC) $(CFLAGS) $(addprefix -I,$(CURL_INCDIR) $(CRYPTO_INCDIR)) -E -x c - >/dev/null || { \
	  echo "ivs needs the headers of libcurl (curl/curl.h) and of OpenSSL 3 (openssl/evp.h): install them (Debian: libcurl4-openssl-dev" \
	    "libssl-dev), or name their folders in CURL_INCDIR and CRYPTO_INCDIR." >&2; exit 1; }
	@touch $@

# Rewritten when another libcurl is named: objects compiled against one curl.h are not linked with another's library.
.PHONY: FORCE
$(B)/libcurl: FORCE
	@mkdir -p $(@D)
	@echo '$(CURL_INCDIR) $(CURL_LIBDIR)' | cmp -s - $@ || echo '$(CURL_INCDIR) $(CURL_LIBDIR)' >$@

$(B)/obj/curl/%.o: csrc/curl/%.c $(B)/libcurl | $(B)/layers/core
	@mkdir -p $(@D)
	@echo CC $@
	@$(CC) $(CFLAGS) $(OUR_FLAGS) $(NO_LUA) -I$(B)/layers $(addprefix -I,$(CURL_INCDIR) $(CRYPTO_INCDIR)) -c -o $@ $<

$(B)/layers/core:
	@mkdir -p $(@D)
	@ln -sfn "$(CURDIR)/csrc/core" $@

# $(1): the folder below $(B); $(2): the flags that find lua.h. Only csrc/lua/blocking sees what curl.h declares.
define for_lua
$(B)/$(1)/obj/%.o: HIDDEN := $(NO_CURL)
$(B)/$(1)/obj/blocking/%.o: HIDDEN :=
$(B)/$(1)/obj/%.o: csrc/lua/%.c
	@mkdir -p $$(@D)
	@echo CC $$@
	@$$(CC) $$(CFLAGS) $$(OUR_FLAGS) $$(HIDDEN) -Icsrc $(2) $$(addprefix -I,$$(CURL_INCDIR) $$(CRYPTO_INCDIR)) -c -o $$@ $$<

$(B)/$(1)/ivs.so: $(CORE_OBJ) $(CURL_OBJ) $(patsubst %,$(B)/$(1)/obj/%.o,$(LUA_BOTH) $(IVS_ONLY))
	@echo LD $$@
	@$$(CC) $$(CFLAGS) $$(LDFLAGS) $(OUR_LINK) -o $$@ $$^ $(CURL) $$(RPATH) $(CRYPTO) -lm -lpthread -ldl

$(B)/$(1)/ivs/core.so: $(CORE_OBJ) $(patsubst %,$(B)/$(1)/obj/%.o,$(LUA_BOTH) $(CORE_ONLY))
	@mkdir -p $$(@D)
	@echo LD $$@
	@$$(CC) $$(CFLAGS) $$(LDFLAGS) $(OUR_LINK) -o $$@ $$^ $(CRYPTO) -lm -lpthread
endef
$(foreach lua,$(EACH_LUA),$(eval $(call for_lua,$(lua),$(if $(LUA_INCDIR),-I$(LUA_INCDIR),$$$$(pkg-config --cflags $(lua))))))
# The specs run with the libcurl that was named; a rock leaves the choice to the loader.
$(EACH_LUA:%=$(B)/%/ivs.so): RPATH := $(if $(CURL_LIBDIR),-Xlinker -rpath -Xlinker $(CURL_LIBDIR))
# LuaRocks builds for one Lua after another in one tree: each has its own folder.
ROCK := rock$(subst /,-,$(LUA_INCDIR))
$(eval $(call for_lua,$(ROCK),-I$$(LUA_INCDIR)))

-include $(wildcard $(B)/obj/*/*.d $(B)/*/obj/*.d $(B)/*/obj/*/*.d)

# ---- set-up ----

.PHONY: setup setup-demo setup-docs setup-tools
setup: ## installs the Debian packages that are missing
	@sh spec/setup.sh $(PACKAGES)

setup-demo:
	@sh spec/setup.sh $(DEMO_PACKAGES)

setup-docs:
	@sh spec/setup.sh lua5.4 lua-ldoc

setup-tools: setup
	@sh spec/setup.sh $(TOOLS)

# ---- the main job, and the proof that it works ----

.PHONY: demo emulator test
demo: setup-demo ## the main job against the embedded emulator
	@$(MAKE) --no-print-directory $(B)/$(LUA)/ivs.so $(B)/$(LUA)/ivs/core.so
	@LUA=$(LUA) sh spec/demo.sh

emulator: setup-demo ## keeps the emulator running and prints what to export
	@$(LUA) spec/emulator/run.lua

test: setup ## every spec on every Lua
	@$(MAKE) --no-print-directory WERROR=-Werror build
	@BUILD=$(B) sh spec/run.sh $(LUAS)

# ---- the loop ----

.PHONY: sanitize valgrind fuzz soak coverage docs lint format bench
sanitize: setup-tools ## the specs under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory B=.build/sanitize LUAS="lua5.4 lua5.1" WERROR=-Werror \
	  CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined" build hosts
	@BUILD=.build/sanitize UNDER=sanitize sh spec/run.sh lua5.4 lua5.1

# Interpreters that carry the sanitizers.
.PHONY: hosts
hosts: $(foreach lua,$(LUAS),$(B)/$(lua)/host)
$(B)/%/host: spec/host.c
	@mkdir -p $(@D)
	@echo CC $@
	@$(CC) $(CFLAGS) $$(pkg-config --cflags $*) -o $@ $< $$(pkg-config --libs $*) -lm

valgrind: setup-tools ## the specs under valgrind
	@$(MAKE) --no-print-directory WERROR=-Werror build
	@BUILD=$(B) UNDER=valgrind sh spec/run.sh lua5.4

fuzz: setup-tools ## libFuzzer, each target for SECONDS
	@$(MAKE) --no-print-directory $(B)/lua5.4/ivs/core.so
	@sh spec/fuzz/run.sh $(or $(SECONDS),20)

soak: setup ## nginx and its cache under load for minutes, with limits
	@$(MAKE) --no-print-directory LUAS="lua5.4 luajit" build
	@IVS_BUILD=$(B) LUA_PATH="./lua/?.lua;./spec/?.lua;;" LUA_CPATH="./$(B)/lua5.4/?.so;;" lua5.4 spec/soak/run.lua $(or $(SCENARIO),storm) $(SECONDS)

coverage: setup-tools ## the specs' line coverage of csrc and lua
	@sh spec/coverage.sh

docs: setup-docs ## the reference, from lua/ivs/types.lua, in .build/docs/index.html
	@mkdir -p $(B)/docs
	@lua5.4 docs/reference.lua $(B)/docs
	@ldoc --fatalwarnings -c docs/config.ld -d $(B)/docs -o index $(B)/docs/reference.lua >$(B)/docs/log 2>&1 || { cat $(B)/docs/log >&2; exit 1; }
	@rm $(B)/docs/reference.lua $(B)/docs/log
	@echo $(B)/docs/index.html

lint: setup-tools ## warnings, format, layers, names and citations
	@sh spec/lint.sh

format: setup-tools ## formats the C sources
	@clang-format -i $$(find csrc -name "*.[ch]")

bench: setup ## each goal's ratio to its yardstick, measured in one run
	@$(MAKE) --no-print-directory build
	@sh spec/bench/run.sh

# ---- LuaRocks (see the rockspec) ----

.PHONY: rock install-rock
rock: $(B)/$(ROCK)/ivs.so $(B)/$(ROCK)/ivs/core.so

install-rock:
	mkdir -p $(LIBDIR)/ivs $(BINDIR)
	install -m 755 $(B)/$(ROCK)/ivs.so $(LIBDIR)/ivs.so
	install -m 755 $(B)/$(ROCK)/ivs/core.so $(LIBDIR)/ivs/core.so
	cd lua && find . -type d -exec mkdir -p $(LUADIR)/{} ';' && find . -name '*.lua' -exec install -m 644 {} $(LUADIR)/{} ';'
	install -m 755 bin/ivs $(BINDIR)/ivs

.PHONY: release
release: setup ## checks a version, packs its rocks into .build/release and tags it (VERSION, HOMEPAGE)
	@HOMEPAGE="$(HOMEPAGE)" sh spec/release.sh "$(VERSION)"

.PHONY: clean
clean: ## removes what was built
	rm -rf .build
