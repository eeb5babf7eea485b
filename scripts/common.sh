# Sourced by the scripts beside it: every script starts at the repository's root and says what it does.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1
export PYTHONDONTWRITEBYTECODE=  # tests and pages start many processes: each would compile the whole package anew

say() { printf '==> %s\n' "$*" >&2; }

# fail WHAT CURE
fail() {
  printf 'error: %s\n  cure: %s\n' "$1" "$2" >&2
  exit 1
}
