"""Functions, methods and runs of statements of a TRL checkout, without the imports of their modules."""

import ast
import importlib.metadata
import math
import types
from pathlib import Path

import torch
import torch.nn.functional as F


def locate(checkout):
    """The folder that holds the package `trl`: a checkout, an unpacked wheel, or where it is installed."""
    if checkout is not None:
        return Path(checkout)
    return Path(importlib.metadata.distribution("trl").locate_file(""))


def version(folder):
    file = folder / "VERSION"
    if file.exists():
        return file.read_text().strip()
    return next(folder.glob("trl-*.dist-info")).name.removeprefix("trl-").removesuffix(".dist-info")


def find(folder, path, name):
    """The definition `function` or `Class.method`."""
    node = ast.parse((folder / "trl" / path).read_text())
    for part in name.split("."):
        node = next(child for child in node.body if getattr(child, "name", None) == part)
    return node


def execute(statements, path, scope):
    future = ast.parse("from __future__ import annotations").body
    module = ast.fix_missing_locations(ast.Module(future + statements, []))
    exec(compile(module, path, "exec"), scope)
    return scope


def scope_of(**names):
    # Their fused kernels need a GPU; without one they fall back themselves.
    base = {"torch": torch, "math": math, "F": F, "is_triton_available": lambda: False}
    return {**base, **names}


def function(folder, path, name, **names):
    node = find(folder, path, name)
    node.decorator_list = []
    return execute([node], path, scope_of(**names))[node.name]


def statements(folder, path, name, first, last, **variables):
    """Runs the statements of a function from the one that starts with `first` to the one that starts with `last`; gives what they leave."""
    for parent in ast.walk(find(folder, path, name)):
        for body in (getattr(parent, "body", None), getattr(parent, "orelse", None)):
            if not isinstance(body, list):
                continue
            texts = [ast.unparse(statement) for statement in body]
            starts = [i for i, text in enumerate(texts) if text.startswith(first)]
            ends = [i for i, text in enumerate(texts) if starts and i >= starts[0] and text.startswith(last)]
            if ends:
                return types.SimpleNamespace(**execute(body[starts[0] : ends[0] + 1], path, scope_of(**variables)))
    raise SystemExit(f"{path}: {name} has no statements from {first!r} to {last!r}; another version of TRL?")
