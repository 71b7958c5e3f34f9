# Runs the actions of an episode. What it hides is a convenience for well-meant code; the walls are outside of this file.
import ast
import builtins
import gc
import importlib
import importlib.util
import json
import os
import posix
import sys

_INTERNAL = ("_strptime", "_decimal", "_datetime", "traceback", "warnings", "copyreg", "locale", "unicodedata", "encodings.idna")
_OWN = "<code>"
_WHEELS = "/wheels"


class _Memory:
    """Finds the modules of wheels, whose files were read at the start: such packages load parts of themselves when they need them."""

    def __init__(self, folder):
        self.sources = {}
        for root, _, files in os.walk(folder):
            for file in files:
                path = os.path.relpath(os.path.join(root, file), folder)
                if not file.endswith(".py") or "tests" in path.split("/"):
                    continue
                with open(os.path.join(root, file), encoding="utf-8") as source:
                    parts = path.removesuffix(".py").split("/")
                    package = parts[-1] == "__init__"
                    self.sources[".".join(parts[:-1] if package else parts)] = (package, source.read())

    def find_spec(self, name, path=None, target=None):
        if name in self.sources:
            return importlib.util.spec_from_loader(name, self, is_package=self.sources[name][0])

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(compile(self.sources[module.__name__][1], module.__name__, "exec"), module.__dict__)


def _boot(setup):
    """Loads every module that code may import, then takes the ways to load another one."""
    allowed = frozenset(setup["imports"])
    sys.path.append(_WHEELS)
    wheels = _Memory(_WHEELS)
    for name in (*setup["imports"], *_INTERNAL):
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ImportError(f"the module {name} does not load: {str(error).splitlines()[0]}") from None
    roots = {name.partition(".")[0] for name in allowed}
    packages = tuple(f"{name}." for name in allowed if name in wheels.sources)
    original = builtins.__import__

    def guarded(name, globals=None, locals=None, fromlist=(), level=0):
        importer = (globals or {}).get("__name__", "__main__")
        if importer == "__main__" and not (level == 0 and (name in allowed or name in roots or name.startswith(packages))):
            listed = ", ".join(sorted(allowed))
            raise ImportError(f"the module {name} is not allowed here; these are: {listed}")
        return original(name, globals, locals, fromlist, level)

    builtins.__import__ = guarded
    for name in ("open", "input", "breakpoint", "exit", "quit", "help", "copyright", "credits", "license"):
        builtins.__dict__.pop(name, None)
    sys.meta_path[:] = [wheels]
    sys.path.clear()
    sys.path_hooks.clear()
    sys.path_importer_cache.clear()
    closed = ("js", "pyodide", "_pyodide", "pyodide_js", "_pyodide_core", "asyncio", "socket", "_socket", "ssl", "subprocess", "gc")
    for name in list(sys.modules):
        if name.partition(".")[0] in closed:
            del sys.modules[name]
    sys.set_int_max_str_digits(setup["maxDigits"])
    gc.collect()


class _Log:
    """Keeps the first and the last half of what is printed, however much that is."""

    encoding = "utf-8"

    def __init__(self, limit):
        self.half = limit // 2
        self.limit = limit
        self.total = 0
        self.head = []
        self.room = self.half
        self.tail = []
        self.kept = 0

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("print takes text")
        self.total += len(text)
        if self.room > 0:
            self.head.append(text[: self.room])
            used = min(self.room, len(text))
            self.room -= used
            text = text[used:]
        if text:
            self.tail.append(text[-self.half :])
            self.kept += len(self.tail[-1])
            if self.kept > 4 * self.half:
                self.tail = ["".join(self.tail)[-self.half :]]
                self.kept = len(self.tail[0])
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False

    def text(self):
        head = "".join(self.head)
        tail = "".join(self.tail)
        if self.total <= self.limit:
            return head + tail
        return head + _notice(self.total - 2 * self.half) + tail[-self.half :]


def _notice(left_out):
    return f"\n[{left_out} characters left out here]\n"


def _cut(text, limit):
    if len(text) <= limit:
        return text
    half = limit // 2
    return text[:half] + _notice(len(text) - 2 * half) + text[-half:]


class _Finished(BaseException):
    """Ends the action: the answer is given."""


def _receive():
    chunks = []
    while chunk := posix.read(0, 65536):
        chunks.append(chunk)
    return json.loads(b"".join(chunks))


def _plain(value):
    raise TypeError(f"a tool takes text, numbers, lists and dicts, not {type(value).__name__}")


def _make_tool(name, parameters):
    def tool(*values, **named):
        if len(values) > len(parameters):
            raise TypeError(f"{name}() takes {len(parameters)} arguments, {len(values)} were given")
        arguments = dict(zip(parameters, values))
        for key, value in named.items():
            if key not in parameters or key in arguments:
                raise TypeError(f"{name}() takes {', '.join(parameters)}, each once; found {key}")
            arguments[key] = value
        request = json.dumps({"name": name, "arguments": arguments}, default=_plain, allow_nan=False)
        posix.write(3, request.encode("utf-8", "replace"))
        answer = _receive()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    tool.__name__ = tool.__qualname__ = name
    return tool


def _assigned_name(statement):
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    kinds = (ast.Assign, ast.AnnAssign, ast.AugAssign)
    return targets[-1].id if isinstance(statement, kinds) and isinstance(targets[-1], ast.Name) else None


def _describe(error, code):
    if isinstance(error, SyntaxError) and error.filename == _OWN:
        line, message = error.lineno, error.msg
    else:
        line, message = None, str(error)
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == _OWN:
                line = trace.tb_lineno
            trace = trace.tb_next
    lines = code.split("\n")
    source = f" in line {line}: {lines[line - 1].strip()[:200]}" if line is not None and 0 < line <= len(lines) else ""
    return f"{type(error).__name__}: {message}{source}" if message else f"{type(error).__name__}{source}"


_namespace = {"__name__": "__main__", "__builtins__": builtins}


def _run(request):
    code = request["code"]
    log = _Log(request["maxOutput"])
    answers = []
    value = error = None

    def final_answer(answer):
        answers.append(_cut(str(answer), request["maxValue"]))
        raise _Finished

    for tool in request["tools"]:
        _namespace[tool["name"]] = _make_tool(tool["name"], tool["parameters"])
    _namespace["final_answer"] = final_answer
    sys.stdout = sys.stderr = log
    try:
        tree = ast.parse(code, _OWN)
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr):
            tree.body.pop()
        exec(compile(tree, _OWN, "exec"), _namespace)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), _OWN, "eval"), _namespace)
        elif (name := _assigned_name(last)) is not None:
            value = _namespace.get(name)
        if value is not None:
            value = _cut(str(value), request["maxValue"])
    except _Finished:
        pass
    except BaseException as caught:
        value = None
        try:
            error = _cut(_describe(caught, code), request["maxError"])
        except BaseException:
            error = "an error that cannot be shown"
    answer = answers[0] if answers else None
    if answer is not None:
        value = error = None
    return {"stdout": log.text(), "value": value, "error": error, "answer": answer}


def _serve():
    result = json.dumps(_run(_receive()))
    posix.write(1, result.encode("ascii"))
