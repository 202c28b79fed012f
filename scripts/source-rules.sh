# shellcheck shell=bash
# Sourced by the checks: finds a pattern in product code, comments left out, minus the allow-list.
allow_list=scripts/unsafe-allow-list.txt
violations=0

allowed() { # RULE PATH
  local rule path
  while read -r rule path _; do
    if [ "$rule" != "$1" ]; then continue; fi
    case $path in
      */) case $2 in "$path"*) return 0 ;; esac ;;
      *) if [ "$path" = "$2" ]; then return 0; fi ;;
    esac
  done <"$allow_list"
  return 1
}

# Prints FILE:LINE:TEXT of product code without comments and string literals.
product_code() {
  git ls-files --cached --others --exclude-standard -- 'Sources/*.swift' ':!Sources/CRIProto' | while IFS= read -r file; do
    if [ -f "$file" ]; then
      sed -e 's/"\([^"\\]\|\\.\)*"/""/g' -e 's,//.*$,,' "$file" | awk -v file="$file" '{ print file ":" FNR ":" $0 }'
    fi
  done
}

# Usage: forbid RULE PATTERN MESSAGE
forbid() {
  local line
  while IFS= read -r line; do
    if ! allowed "$1" "${line%%:*}"; then
      echo "$line   <- $3" >&2
      violations=$((violations + 1))
    fi
  done < <(grep -E "^[^:]*:[0-9]*:.*$2" <<<"$code")
}

code=$(product_code)
