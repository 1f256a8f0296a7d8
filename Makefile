# SPDX-License-Identifier: GPL-2.0-or-later
#
# shmtop. `make help` lists what can be made. Everything that is made lands under build/.

# ---- settings --------------------------------------------------------------------------------

PREFIX     ?= /usr/local
DESTDIR    ?=
BUILD      ?= build
ifeq ($(origin CC),default)
CC         := gcc
endif
BPF_CLANG  ?= clang
PKG_CONFIG ?= pkg-config

# bpftool is no program for users on Debian (sbin), and on Ubuntu the one in the PATH only looks for the
# one of the running kernel; any version can do what is asked of it here.
BPFTOOL    ?= $(firstword $(wildcard /usr/lib/linux-tools/*/bpftool \
		$(addsuffix /bpftool,$(subst :, ,$(PATH)) /usr/local/sbin /usr/sbin /sbin)) bpftool)

# CFLAGS, CPPFLAGS and LDFLAGS are the caller's; what the code needs stands below in any case.
CFLAGS     ?= -O2 -g

WARNINGS   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	      -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wcast-qual -Werror
ifneq ($(SANITIZE),)
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else
# Sees paths that are not there in instrumented code.
WARNINGS   += -Wnull-dereference
endif

# gcc warns of every text that is cut on purpose to fit its line.
ifeq ($(findstring clang,$(shell $(CC) --version 2>/dev/null)),)
WARNINGS   += -Wno-format-truncation
endif

# Headers of packages and generated ones are not ours to warn about.
INCLUDES    = -I. -Isrc -isystem $(BUILD)/bpf $(patsubst -I%,-isystem %,$(PACKAGE_CFLAGS))
ALL_CFLAGS  = -std=gnu17 -D_GNU_SOURCE $(WARNINGS) $(SANITIZERS) $(INCLUDES) \
	      $(CPPFLAGS) $(CFLAGS) -MMD -MP

BPF_ARCH   := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
# A program's context is a parameter, used or not.
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Wno-unused-parameter -Werror \
	      -D__TARGET_ARCH_$(BPF_ARCH) -I. -Ivendor

PACKAGE_CFLAGS := $(shell $(PKG_CONFIG) --cflags json-c ncursesw 2>/dev/null)
# Of packages, and -lx for a library that is in none
libs        = $(shell $(PKG_CONFIG) --libs $(filter-out -l%,$(1))) $(filter -l%,$(1))

ifeq ($(V),1)
Q          :=
say         = @:
else
Q          := @
say         = @printf '  %-7s %s\n' $(1) $(2)
endif

# One target at a time may be half made: a failed command leaves no file that looks finished.
.DELETE_ON_ERROR:
.SECONDEXPANSION:
.SUFFIXES:
# Objects are kept between builds.
.SECONDARY:

# ---- what there is ---------------------------------------------------------------------------

# A room is a folder with a static library of its own; main.c and the demos are programs.
ROOMS      := base observe model stack judge report cmd ui
room_dir    = $(if $(filter ui,$(1)),ui,src/$(1))
room_objs   = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(call room_dir,$(1))/*.c))
room_libs   = $(patsubst %,$(BUILD)/lib%.a,$(1))

SKELETONS  := $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.skel.h,$(wildcard bpf/*.bpf.c))
SHMTOP     := $(BUILD)/shmtop
DEMOS      := $(patsubst src/demo/%.c,$(BUILD)/shm-%,$(subst _,-,$(wildcard src/demo/*_demo.c)))
PROGRAMS   := $(SHMTOP) $(DEMOS)

# In tests/live and tests/screen a source with a header of its name is shared by the programs there.
shared      = $(patsubst %.h,%.c,$(wildcard tests/$(1)/*.h))
programs    = $(patsubst %.c,$(BUILD)/%,$(filter-out $(call shared,$(1)),$(wildcard tests/$(1)/*.c)))
shared_objs = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(call shared,$(1))))

UNIT_TESTS   := $(call programs,unit)
LIVE_TESTS   := $(call programs,live)
SCREEN_TESTS := $(filter-out %/fuzz,$(call programs,screen))
# Of use with the sanitizers only
FUZZERS      := $(BUILD)/tests/screen/fuzz
BENCHES      := $(call programs,bench)
HELPERS      := $(patsubst tests/live/helpers/%.c,$(BUILD)/tests/helpers/%,\
		$(filter-out %/compat.c,$(wildcard tests/live/helpers/*.c)))
# Programs that come by the 32-bit entry, which arm64 has too, but not for what its compiler makes.
COMPAT       := $(if $(filter x86,$(BPF_ARCH)),\
		$(addprefix $(BUILD)/tests/helpers/,compat32 int80))
# The same creator of segments as HELPERS has, linked in other ways
CREATORS     := $(addprefix $(BUILD)/tests/helpers/,creator-static creator-shared)
# Programs whose stacks are unwound: the same chain of calls, made in other ways. What a user of them has in
# CFLAGS plays no part.
CHAINS       := $(addprefix $(BUILD)/tests/stacks/,pie exec static static-pie pointers bare clang symbols \
		stripped compressed dwarf4 split-id split-sum library cxx cxx-clang)
SCRIPT_TESTS := $(wildcard tests/unit/*.sh tests/live/*.sh tests/screen/*.sh)

# What a unit test links with, besides the base room: by the room of the noun that it tests
# (tests/unit/test_filter.c tests src/report/filter.c), or by its own name where it needs something
# else (ROOMS_test_x, LIBS_test_x). Nothing more is linked: code that needs another room or a library
# in secret does not pass. Of observe/ that holds for what does not load programs into the kernel.
ROOMS_base     :=
ROOMS_model    := model
ROOMS_judge    := judge model
ROOMS_test_verdict_gone := judge model
ROOMS_test_verdict_handed := judge model
ROOMS_test_verdict_rises := judge model
ROOMS_test_verdict_traps := judge model
ROOMS_observe  := observe
ROOMS_report   := report judge model stack
LIBS_report    := json-c
ROOMS_stack    := stack
LIBS_stack     := libdw libelf zlib -liberty
# Whoever shows call paths needs no library for that.
ROOMS_test_call_paths := stack
LIBS_test_call_paths  :=
ROOMS_cmd      := cmd report judge model stack
LIBS_cmd       := json-c
ROOMS_test_namespace_names := cmd report judge model observe stack
# What the view has that needs no terminal
ROOMS_test_config  := ui report judge model stack
LIBS_test_config   := json-c
ROOMS_test_columns := ui report judge model stack
LIBS_test_columns  := json-c
ROOMS_test_search  := ui report judge model stack
LIBS_test_search   := json-c
ROOMS_test_tags    := ui report judge model stack
LIBS_test_tags     := json-c

noun         = $(patsubst test_%,%,$(1))
noun_source  = $(firstword $(wildcard $(addsuffix /$(call noun,$(1)).c,$(addprefix src/,$(ROOMS)))))
noun_room    = $(patsubst src/%/,%,$(dir $(call noun_source,$(1))))
either       = $(if $(filter undefined,$(origin $(2))),$($(1)),$($(2)))
unit_rooms   = $(call either,ROOMS_$(call noun_room,$(1)),ROOMS_$(1)) base
unit_libs    = $(call libs,cmocka $(call either,LIBS_$(call noun_room,$(1)),LIBS_$(1)))

# ---- goals -----------------------------------------------------------------------------------

.PHONY: all deps demo check check-kernels tests unit sanitize fuzz bench lint format install uninstall clean help FORCE

all: $(PROGRAMS) ## build shmtop and its demo programs (no root needed)

deps: ## install the distribution's packages that are missing (DEPS=build: only those to build)
	@vendor/install-packages.sh $(DEPS)

# What root makes in somebody's tree stays usable for them.
give_back = if [ "$$(id -u)" = 0 ] && [ -n "$$SUDO_UID" ] && [ -d $(BUILD) ]; then \
		chown -hR "$$SUDO_UID:$$SUDO_GID" $(BUILD); fi

demo: ## build, then watch the fork demo live (as root, to see all of it)
	@vendor/install-packages.sh build
	@$(MAKE) --no-print-directory all; status=$$?; $(give_back); exit $$status
	@$(SHMTOP) demo

check: ## build and run all tests; the last line counts them
	@vendor/install-packages.sh $(DEPS)
	@$(MAKE) --no-print-directory tests sanitize && \
		tests/run.sh $(CHECKED) tests/kernels/check.sh; \
		status=$$?; $(give_back); exit $$status

check-kernels: ## run the live tests inside of Debian's kernels (tests/kernels/run.sh -h)
	@vendor/install-packages.sh $(DEPS)
	@$(MAKE) --no-print-directory tests && \
		tests/kernels/run.sh; status=$$?; $(give_back); exit $$status

tests: all $(UNIT_TESTS) $(LIVE_TESTS) $(SCREEN_TESTS) $(BENCHES) $(HELPERS) $(COMPAT) $(CREATORS) ## build all tests

unit: $(UNIT_TESTS) ## build the unit tests

sanitize: ## build the unit tests and the fuzzer with the address and undefined behaviour sanitizers
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/sanitize CFLAGS='-O1 -g' SANITIZE=1 unit fuzz

fuzz: $(FUZZERS)

bench: all $(BENCHES) $(HELPERS) ## measure speed and cost (tests/bench/run.sh)
	@tests/bench/run.sh

SANITIZED := $(patsubst $(BUILD)/%,$(BUILD)/sanitize/%,$(UNIT_TESTS) $(FUZZERS))
CHECKED    = $(UNIT_TESTS) $(SANITIZED) $(LIVE_TESTS) $(SCREEN_TESTS) $(SCRIPT_TESTS)

install: all ## install below PREFIX (/usr/local), staged in DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin

uninstall: ## remove what install put there
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(PROGRAMS)))

clean: ## remove everything that was made
	rm -rf $(BUILD)

help: ## list these goals
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo '  V=1 shows the commands; CC, CFLAGS, LDFLAGS, PREFIX and DESTDIR are honoured.'

# ---- programs and libraries ------------------------------------------------------------------

# Rewritten only when compilers or flags change; all that is compiled depends on it.
FLAGS = $(CC) $(ALL_CFLAGS) | $(LDFLAGS) | $(BPF_CLANG) $(BPF_CFLAGS) | $(BPFTOOL)

$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@for program in $(firstword $(CC)) $(BPF_CLANG) $(BPFTOOL) $(PKG_CONFIG); do \
		command -v $$program >/dev/null && continue; \
		echo "$$program is missing: 'make deps' as root installs it" >&2; exit 1; done
	@{ $(CC) --version; $(BPF_CLANG) --version; echo '$(FLAGS)'; } >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(BUILD)/%.o: %.c $(BUILD)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(call room_objs,observe): $(SKELETONS)

# The folder is newer than its library when a source has come or gone.
define room_rule
$(BUILD)/lib$(1).a: $(call room_objs,$(1)) $(call room_dir,$(1))
	$$(call say,AR,$$@)
	@rm -f $$@
	$$(Q)$(AR) rcsD $$@ $$(filter %.o,$$^)
endef
$(foreach room,$(ROOMS),$(eval $(call room_rule,$(room))))

link = $(CC) $(SANITIZERS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^)

ENGINE      := cmd report judge model observe stack base
ENGINE_LIBS  = libbpf libdw libelf zlib json-c -liberty

$(SHMTOP): $(BUILD)/src/main.o $(call room_libs,ui $(ENGINE))
	$(call say,LD,$@)
	$(Q)$(link) $(call libs,$(ENGINE_LIBS) ncursesw)

$(DEMOS): $(BUILD)/shm-%: $(BUILD)/src/demo/$$(subst -,_,$$*).o
	$(call say,LD,$@)
	$(Q)$(link)

# ---- what runs in the kernel -----------------------------------------------------------------

# The line information that clang adds is of no use to the kernel: bpftool leaves it out.
$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(BUILD)/flags
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(BPF_CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $(@:.o=.full.o) $<
	$(Q)$(BPFTOOL) gen object $@ $(@:.o=.full.o)

$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@

# ---- tests -----------------------------------------------------------------------------------

# gcc does not know that a failed assertion does not return.
$(BUILD)/tests/%.o: WARNINGS += -Wno-null-dereference

$(UNIT_TESTS): $(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(call shared_objs,unit) \
		$$(call room_libs,$$(call unit_rooms,$$*))
	$(call say,LD,$@)
	$(Q)$(link) $(call unit_libs,$*)

$(LIVE_TESTS): $(BUILD)/%: $(BUILD)/%.o $(call shared_objs,live) $(call room_libs,$(ENGINE))
	$(call say,LD,$@)
	$(Q)$(link) $(call libs,$(ENGINE_LIBS) cmocka)

$(SCREEN_TESTS) $(FUZZERS): $(BUILD)/%: $(BUILD)/%.o $(call shared_objs,screen) \
		$(call room_libs,ui report judge model stack base)
	$(call say,LD,$@)
	$(Q)$(link) $(call libs,json-c ncursesw cmocka vterm) -lutil -lpthread

$(BENCHES): $(BUILD)/%: $(BUILD)/%.o $(call shared_objs,bench) $(call room_libs,ui $(ENGINE))
	$(call say,LD,$@)
	$(Q)$(link) $(call libs,$(ENGINE_LIBS) ncursesw) -lutil -lpthread

$(HELPERS): $(BUILD)/tests/helpers/%: $(BUILD)/tests/live/helpers/%.o
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(link) -lpthread

# No C library: that of 32-bit programs is not there unless somebody asked for it.
$(COMPAT): tests/live/helpers/compat.c $(BUILD)/flags
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 $(WARNINGS) -O1 -g -ffreestanding -fno-stack-protector -fno-pie \
		-static -nostdlib $(if $(filter %32,$@),-m32,-m64) -o $@ $<

creator = $(CC) -std=gnu17 -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) $(LDFLAGS) -o $@ $(1) $(filter %.c %.so,$^) -lpthread

$(CREATORS) $(BUILD)/tests/helpers/libcreator.so: tests/live/helpers/creator.c \
		tests/live/helpers/creator.h $(BUILD)/flags
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(call creator,$(CREATOR_FLAGS))

$(BUILD)/tests/helpers/creator-static: CREATOR_FLAGS := -static
$(BUILD)/tests/helpers/libcreator.so: CREATOR_FLAGS := -DCREATOR_LIBRARY -shared -fPIC \
		-Wl,-soname,libcreator.so
$(BUILD)/tests/helpers/creator-shared: CREATOR_FLAGS := -DCREATOR_MAIN -Wl,-rpath,'$$ORIGIN'
$(BUILD)/tests/helpers/creator-shared: $(BUILD)/tests/helpers/libcreator.so

CHAIN_CC          = $(CC)
CHAIN_FLAGS      := -fPIE -pie
CHAIN_DEBUG      := -g
CHAIN_SOURCE     := tests/unit/stacks/chain.c
chain             = $(BUILD)/tests/stacks/$(1)

$(call chain,exec): CHAIN_FLAGS := -fno-pie -no-pie
$(call chain,static): CHAIN_FLAGS := -fno-pie -static
$(call chain,static-pie): CHAIN_FLAGS := -fPIE -static-pie
$(call chain,pointers): CHAIN_FLAGS += -fno-omit-frame-pointer -fno-asynchronous-unwind-tables -fno-unwind-tables
$(call chain,bare): CHAIN_FLAGS += -DCHAIN_BARE
$(call chain,clang): CHAIN_CC := $(BPF_CLANG)
$(call chain,symbols): CHAIN_DEBUG := -g0
$(call chain,stripped): CHAIN_DEBUG := -g0 -s
$(call chain,compressed): CHAIN_DEBUG := -g -gz
$(call chain,dwarf4): CHAIN_DEBUG := -gdwarf-4
$(call chain,split-id): CHAIN_FLAGS += -Wl,--build-id=sha1
$(call chain,split-sum): CHAIN_FLAGS += -Wl,--build-id=none
$(call chain,libchain.so): CHAIN_FLAGS := -fPIC -shared -DCHAIN_LIBRARY
$(call chain,library): CHAIN_FLAGS += -DCHAIN_MAIN -L$(BUILD)/tests/stacks -lchain -Wl,-rpath,'$$ORIGIN'
$(call chain,library): $(call chain,libchain.so)
$(call chain,cxx): CHAIN_CC = $(CXX)
$(call chain,cxx-clang): CHAIN_CC := $(BPF_CLANG)
$(call chain,cxx) $(call chain,cxx-clang): CHAIN_SOURCE := tests/unit/stacks/chain.cc

$(CHAINS) $(call chain,libchain.so): $(wildcard tests/unit/stacks/*) $(BUILD)/flags
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CHAIN_CC) -D_GNU_SOURCE -Wall -Wextra -Werror -O2 $(CHAIN_DEBUG) -o $@ $(CHAIN_SOURCE) \
		$(CHAIN_FLAGS) -lpthread
	$(Q)case $@ in *split-*) \
		objcopy --only-keep-debug $@ $@.debug && \
		strip $@ && objcopy --add-gnu-debuglink=$@.debug $@;; esac

$(addprefix $(BUILD)/tests/,unit/test_unwind unit/test_namer unit/test_modules unit/test_debuginfod bench/unwind): | $(CHAINS)

# ---- the looks of the source -----------------------------------------------------------------

C_FILES  = $(shell find bpf src ui tests vendor -name '*.[ch]')
SH_FILES = $(shell find vendor tests -name '*.sh') $(wildcard .ci/run)

lint: ## check layout and habits: clang-format, cppcheck, shellcheck
	$(call say,LINT,sources)
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	$(Q)cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--library=vendor/cppcheck.cfg --suppress=arrayIndexOutOfBoundsCond \
		--error-exitcode=1 -I. -Isrc src ui tests
	$(Q)shellcheck -x $(SH_FILES)

format: ## lay out the C sources
	$(call say,FORMAT,sources)
	$(Q)clang-format -i $(C_FILES)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
