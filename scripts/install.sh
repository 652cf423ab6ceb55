# Sourced by demo.sh and test.sh: makes .venv if there is none and installs graphrec into it.
# Usage: install_graphrec EXTRAS...   (pip's own options, an index for example, come from the environment)
install_graphrec() {
  local python="${PYTHON:-python3}"
  if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "graphrec needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1). Set PYTHON=/path/to/python3.11" >&2
    return 2
  fi
  if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    echo "graphrec needs Python's venv module (Debian, Ubuntu: apt install python3-venv)" >&2
    return 2
  fi
  # What is installed is remembered, so that a second run starts at once, also where it asks for fewer extras.
  local remembered=.venv/graphrec-installed version installed="" missing="" extra
  version="$(cat pyproject.toml constraints.txt | cksum)"
  if [ -x .venv/bin/graphrec ] && [ "$(sed -n 1p "$remembered" 2>/dev/null)" = "$version" ]; then
    installed="$(sed -n 2p "$remembered")"
    for extra in "$@"; do
      case " $installed " in *" $extra "*) ;; *) missing="$missing $extra" ;; esac
    done
    [ -n "$missing" ] || return 0
  fi
  if ! .venv/bin/python -c 'import annoy' 2>/dev/null; then
    local compiler=""
    for candidate in "${CXX:-}" c++ g++ clang++; do
      if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1; then compiler="$candidate"; break; fi
    done
    if [ -z "$compiler" ]; then
      echo "graphrec needs a C++ compiler: Annoy is built from source" \
           "(Debian, Ubuntu: apt install g++ python3-dev; Fedora: dnf install gcc-c++ python3-devel; macOS: xcode-select --install)" >&2
      return 2
    fi
    if ! "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))'; then
      echo "graphrec needs Python's headers: Annoy is built from source (Debian, Ubuntu: apt install python3-dev)" >&2
      return 2
    fi
  fi
  [ -x .venv/bin/python ] || "$python" -m venv .venv || return 1
  echo "installing graphrec into .venv (a few minutes the first time)"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$(IFS=,; echo "$*")]" || return 1
  printf '%s\n%s\n' "$version" "$installed $*" > "$remembered"
}
