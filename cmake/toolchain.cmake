# Compiler cache, fast linker, warnings as errors, sanitizers.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# -g1 keeps line numbers in stack traces at a third of the size of full debug information; frame pointers let a
# profiler tell who called.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -fno-omit-frame-pointer")

add_library(tessera_warnings INTERFACE)
target_compile_options(tessera_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Werror
                                           # designated initialisers leave members out on purpose
                                           -Wno-missing-field-initializers
                                           # GCC 12 at -O3 sees overlaps in std::string that are none (its bug 105651)
                                           $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU>>:-Wno-restrict>)

option(TESSERA_FUZZ "Build for libFuzzer, with clang" OFF)
if(TESSERA_FUZZ)
  add_compile_options(-fsanitize=address,fuzzer-no-link -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address)
endif()

set(TESSERA_SANITIZE "" CACHE STRING "Comma separated sanitizers")
if(TESSERA_SANITIZE)
  add_compile_options(-fsanitize=${TESSERA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TESSERA_SANITIZE})
  if(TESSERA_SANITIZE STREQUAL "thread")
    # Headers of Debian's libraries give their classes other members when they see the sanitizer, which those were built
    # without; the standard library's have no such classes, but must know.
    add_compile_options(-U__SANITIZE_THREAD__ -D_GLIBCXX_TSAN=1)
    # Into every program; see there.
    add_library(tessera_tsan_shims OBJECT ${CMAKE_SOURCE_DIR}/libs/testing/tsan_shims.cc)
    link_libraries(tessera_tsan_shims)
  endif()
endif()
