#!/bin/sh
# Generates Sources/CRIProto from Protos/*.proto and records what it was made from.
# Needs protoc (Debian: protobuf-compiler). protoc-gen-swift is taken from PROTOC_GEN_SWIFT, else built from swift-protobuf
# in a scratch package: its default traits and other products (protoc itself, ten minutes of C++) are not needed.
set -eu
cd "$(dirname "$0")/.."
plugin=${PROTOC_GEN_SWIFT:-}
scratch=
trap 'test -z "$scratch" || rm -rf "$scratch"' EXIT
if [ -z "$plugin" ]; then
  scratch=$(mktemp -d)
  mkdir -p "$scratch/Sources/Anchor"
  echo 'import SwiftProtobuf' > "$scratch/Sources/Anchor/Anchor.swift"
  cat > "$scratch/Package.swift" <<'PACKAGE'
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
  name: "generator",
  dependencies: [.package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: [])],
  targets: [.target(name: "Anchor", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")])])
PACKAGE
  (cd "$scratch" && swift build --product protoc-gen-swift)
  plugin=$(cd "$scratch" && swift build --show-bin-path)/protoc-gen-swift
fi
rm -f Sources/CRIProto/*.pb.swift
protoc -IProtos --plugin=protoc-gen-swift="$plugin" --swift_out=Sources/CRIProto \
  --swift_opt=Visibility=Package,UseAccessLevelOnImports=true Protos/*.proto
scripts/check-generated.d/protos --record
