#!/usr/bin/env python3
"""Writes Sources/KubeModel/Generated/*.swift from a table of the Kubernetes API types.

Usage: generate-kube-types.py TYPES.json [OUTPUT-DIRECTORY]

The input maps a type's full name to {field: type}, where `field?` is optional, `[T]` an array and `map<string,T>` an object.
The output is committed; its header carries the SHA-256 of the input and of this program.
"""
import hashlib
import json
import pathlib
import sys

ROOTS = ["Pod", "PodList", "Node", "NodeList", "Event", "EventList", "ConfigMap", "Secret", "Lease"]

# File -> the types it starts from; a type goes to the first file that reaches it.
FILES = {
    "Metadata": ["ObjectMeta", "ListMeta", "LabelSelector", "ObjectReference", "LocalObjectReference"],
    "Probes": ["Probe", "Lifecycle"],
    "Containers": ["Container", "EphemeralContainer"],
    "Volumes": ["Volume"],
    "Scheduling": ["Affinity", "Toleration", "TopologySpreadConstraint"],
    "PodStatus": ["PodStatus"],
    "PodSpec": ["PodSpec"],
    "Pod": ["Pod", "PodList"],
    "Node": ["Node", "NodeList"],
    "Objects": ["Event", "EventList", "ConfigMap", "Secret", "Lease"],
}
SCALARS = {
    "string": ("String", '""'),
    "boolean": ("Bool", "false"),
    "integer:int32": ("Int32", "0"),
    "integer:int64": ("Int", "0"),
    "string:byte": ("ByteString", "ByteString()"),
    "Quantity": ("Quantity", "Quantity(0)"),
    "Time": ("Time", "Time(seconds: 0)"),
    "MicroTime": ("MicroTime", "MicroTime(seconds: 0)"),
    "IntOrString": ("IntOrString", ".int(0)"),
    "FieldsV1": ("JSONValue", ".null"),
    "RawExtension": ("JSONValue", ".null"),
}
# In Go these are values, not pointers, and so never absent.
VALUES_OF_ROOTS = {"metadata", "spec", "status"}
KEYWORDS = {"continue", "default", "operator", "protocol", "internal", "in", "as", "is", "case", "repeat", "import", "where"}
VERSIONS = {"Lease": "coordination.k8s.io/v1"}


def swift_name(field):
    name = field[0].lower() + field[1:] if field == "Port" else field
    return f"`{name}`" if name in KEYWORDS else name


class Generator:
    def __init__(self, types):
        self.full = {}
        for name, definition in types.items():
            short = name.rsplit(".", 1)[1]
            if isinstance(definition, dict) and (short not in self.full or ".core.v1." in name):
                self.full[short] = (name, definition)

    def element(self, kind):
        if kind.startswith("["):
            return self.element(kind[1:-1])
        if kind.startswith("map<string,"):
            return self.element(kind[len("map<string,"):-1])
        return kind

    def reach(self, name, seen):
        if name in seen or name in SCALARS or name not in self.full:
            return
        seen.append(name)
        for kind in self.full[name][1].values():
            self.reach(self.element(kind), seen)

    def swift(self, kind):
        if kind in SCALARS:
            return SCALARS[kind][0]
        if kind.startswith("["):
            return f"[{self.swift(kind[1:-1])}]"
        if kind.startswith("map<string,"):
            return f"[String: {self.swift(kind[len('map<string,'):-1])}]"
        if kind not in self.full:
            raise SystemExit(f"unknown type {kind}")
        return kind

    def zero(self, kind):
        if kind in SCALARS:
            return SCALARS[kind][1]
        if kind.startswith("["):
            return "[]"
        if kind.startswith("map<"):
            return "[:]"
        required = [(f, k) for f, k in sorted(self.full[kind][1].items()) if not f.endswith("?")]
        return f"{kind}(" + ", ".join(f"{swift_name(f).strip('`')}: {self.zero(k)}" for f, k in required) + ")"

    def fields(self, name):
        """(json name, type, optional, boxed), in the order of the initialiser."""
        rows = []
        is_root = name in ROOTS
        for field, kind in self.full[name][1].items():
            optional = field.endswith("?")
            field = field.rstrip("?")
            defaulted = False
            if is_root and field in VALUES_OF_ROOTS:
                optional, defaulted = False, True
            boxed = kind in self.full
            rank = 0 if is_root and field in ("apiVersion", "kind") else 1 if not optional and not defaulted else 2
            rows.append((rank, field, kind, optional, boxed, defaulted))
        rows.sort(key=lambda row: (row[0], row[1]))
        return [row[1:] for row in rows]

    def struct(self, name):
        origin = self.full[name][0]
        group = ".".join(origin.split(".")[-3:-1])
        out = [f"/// Kubernetes {group} {name}.", f"public struct {name}: Codable, Equatable, Sendable {{"]
        fields = self.fields(name)
        for field, kind, optional, boxed, _ in fields:
            swift, mark = self.swift(kind), "?" if optional else ""
            label = swift_name(field)
            plain = label.strip("`")
            if not boxed:
                out.append(f"  public var {label}: {swift}{mark}")
            elif optional:
                out.append(f"  private var _{plain}: Box<{swift}>?")
                out.append(f"  public var {label}: {swift}? {{")
                out.append(f"    get {{ _{plain}?.value }}")
                out.append(f"    set {{ _{plain} = newValue.map(Box.init) }}")
                out.append("  }")
            else:
                out.append(f"  private var _{plain}: Box<{swift}>")
                out.append(f"  public var {label}: {swift} {{")
                out.append(f"    get {{ _{plain}.value }}")
                out.append(f"    set {{ _{plain} = Box(newValue) }}")
                out.append("  }")
        out.append("")
        out.append("  public init(")
        for index, (field, kind, optional, boxed, defaulted) in enumerate(fields):
            plain = swift_name(field).strip("`")
            default = ""
            if name in ROOTS and field == "apiVersion":
                default = f' = "{VERSIONS.get(name, "v1")}"'
            elif name in ROOTS and field == "kind":
                default = f' = "{name}"'
            elif optional:
                default = " = nil"
            elif defaulted:
                default = f" = {self.zero(kind)}"
            comma = "," if index + 1 < len(fields) else ""
            out.append(f"    {swift_name(field)}: {self.swift(kind)}{'?' if optional else ''}{default}{comma}")
        out.append("  ) {")
        for field, kind, optional, boxed, _ in fields:
            label = swift_name(field)
            plain = label.strip("`")
            if boxed:
                out.append(f"    self._{plain} = " + (f"{label}.map(Box.init)" if optional else f"Box({label})"))
            else:
                out.append(f"    self.{label} = {label}")
        out.append("  }")
        out.append("")
        out.append("  enum CodingKeys: String, CodingKey {")
        for field, kind, optional, boxed, _ in fields:
            label = swift_name(field)
            case = "_" + label.strip("`") if boxed else label
            out.append(f"    case {case}" + (f' = "{field}"' if case.strip("`") != field else ""))
        out.append("  }")
        out.append("")
        out.append("  public init(from decoder: any Decoder) throws {")
        out.append("    let fields = try decoder.container(keyedBy: CodingKeys.self)")
        for field, kind, optional, boxed, _ in fields:
            label = swift_name(field)
            plain = label.strip("`")
            swift = self.swift(kind)
            if boxed:
                fallback = "" if optional else f" ?? Box({self.zero(kind)})"
                out.append(f"    _{plain} = try fields.decodeIfPresent(Box<{swift}>.self, forKey: ._{plain}){fallback}")
            else:
                fallback = "" if optional else f" ?? {self.zero(kind)}"
                out.append(f"    {label} = try fields.decodeIfPresent({swift}.self, forKey: .{plain}){fallback}")
        out.append("  }")
        out.append("}")
        return out

    def schema_line(self, name):
        fields = [f"{field}:{kind}" for field, kind in sorted(self.full[name][1].items())]
        return f"{name} " + " ".join(fields)


def main():
    source = pathlib.Path(sys.argv[1])
    here = pathlib.Path(__file__)
    target = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else here.parent.parent / "Sources/KubeModel/Generated"
    text = source.read_bytes()
    data = json.loads(text)
    header = [
        "// Generated by scripts/generate-kube-types.py: do not edit.",
        f"// Input: {source.name} (Kubernetes {data['kubernetes']}), sha256 {hashlib.sha256(text).hexdigest()}",
        f"// Generator: sha256 {hashlib.sha256(here.read_bytes()).hexdigest()}",
        "",
    ]
    generator = Generator(data["types"])
    wanted = []
    for root in ROOTS:
        generator.reach(root, wanted)
    placed = set()
    target.mkdir(parents=True, exist_ok=True)
    for file, starts in FILES.items():
        reached = []
        for start in starts:
            generator.reach(start, reached)
        names = sorted(name for name in reached if name not in placed and name in wanted)
        placed.update(names)
        lines = list(header)
        for name in names:
            lines += generator.struct(name) + [""]
        (target / f"{file}.swift").write_text("\n".join(lines))
    missing = set(wanted) - placed
    if missing:
        raise SystemExit(f"no file for {sorted(missing)}")
    lines = header + [
        "extension Schema {",
        "  /// One line per type: its name, then `field:type`; `?` marks an optional field.",
        '  static let table = """',
    ]
    lines += ["    " + generator.schema_line(name) for name in sorted(wanted)]
    lines += ['    """', "}", ""]
    (target / "SchemaTable.swift").write_text("\n".join(lines))
    print(f"{len(wanted)} types in {len(FILES)} files")


main()
