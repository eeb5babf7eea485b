# Sourced after common.sh by the scripts that need Node.js. TypeScript and Prettier check the browser's files; both are
# pinned in tests/frontend/package-lock.json and installed into .venv/node.
node_cure="install Node.js 20.19, or 22.7 or newer, with npm"

# 20.19 and 22.7 are the first that read a .js file as a module without being told.
has_node() {
  node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 22 || (major === 22 && minor >= 7) || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

# skip WHAT WHY CURE
skip() {
  say "skipping $1: $2"
  say "cure: $3"
  return 1
}

# install_checkers: false where they cannot be had, and says so; returns at once where nothing changed.
install_checkers() {
  local checks="types and format of the browser's files" wanted
  has_node || skip "$checks" "no Node.js 20.19 or newer" "$node_cure" || return 1
  wanted=$(cat tests/frontend/package.json tests/frontend/package-lock.json | cksum)
  [ "$(cat .venv/node/installed 2>/dev/null)" != "$wanted" ] || return 0
  command -v npm >/dev/null || skip "$checks" "Node.js is here, npm is not" "$node_cure" || return 1
  say "installing tests/frontend/package.json into .venv/node"
  mkdir -p .venv/node
  rm -f .venv/node/installed
  cp tests/frontend/package.json tests/frontend/package-lock.json .venv/node
  if ! npm ci --prefix .venv/node --ignore-scripts --no-audit --no-fund --fetch-retries=0 >&2; then
    npm ping --fetch-retries=0 >/dev/null 2>&1 ||
      skip "$checks" "npm's registry cannot be reached" "check the network, then run the same command again" || return 1
    fail "npm could not install what tests/frontend/package-lock.json names" "see the message above"
  fi
  printf '%s' "$wanted" >.venv/node/installed
}

# prettier_on OPTION: over the browser's files and their tests.
prettier_on() {
  .venv/node/node_modules/.bin/prettier --config tests/frontend/package.json --log-level warn "$1" \
    playground/frontend '!playground/frontend/vendor' 'tests/frontend/*.mjs'
}
