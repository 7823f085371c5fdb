#!/bin/sh
# Remove from a folder of installed wheels what only developers need.
# Tried and found to break: stripping inside *.libs/, removing numpy/typing or numpy/f2py.
set -eu
site=$1

find "$site" -type d \( -name tests -o -name _examples -o -name __pycache__ -o -name include \) -prune \
    -exec rm -rf {} +
find "$site" -type f \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.a' \
    -o -name '*.h' -o -name '*.c' \) -delete
rm -rf "${site:?}/bin" "$site"/highspy/libhighs.so.1.*
find "$site" -type f -name '*.so*' -not -path '*.libs/*' -exec "${STRIP:-strip}" --strip-unneeded {} +
