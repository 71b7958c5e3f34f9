"""What math-verify says of pairs of answers, as one JSON document on stdout.

The pairs are made here, from a seed: for every form of an answer some that mean the same and some that do not, in LaTeX and in plain
text. Each entry is [family, golden answer, answer, whether they mean the same (null where conventions differ), math-verify's verdict].
"""

import json
import random
from importlib.metadata import version

from math_verify import parse, verify

draw = random.Random(7)
pairs = []


def add(family, golden, answer, same):
    pairs.append((family, golden, answer, same))


def number(low=2, high=99):
    return draw.randint(low, high)


def coprime():
    while True:
        top, bottom = number(1, 40), number(2, 40)
        if all(top % factor or bottom % factor for factor in range(2, 41)):
            return top, bottom


for _ in range(6):
    n = number(1000, 9999999)
    add("integer", str(n), f"{n:,}", True)
    add("integer", str(n), f"{n}.0", True)
    add("integer", str(n), str(n + 1), False)
    add("integer", f"-{n}", str(n), False)
for _ in range(5):
    a, b = coprime()
    k = number(2, 9)
    add("fraction", f"\\frac{{{a}}}{{{b}}}", f"{a}/{b}", True)
    add("fraction", f"\\frac{{{a}}}{{{b}}}", f"\\dfrac{{{a * k}}}{{{b * k}}}", True)
    add("fraction", f"\\frac{{{a}}}{{{b}}}", f"\\frac{{{a + 1}}}{{{b}}}", False)
    add("fraction", f"-\\frac{{{a}}}{{{b}}}", f"\\frac{{-{a}}}{{{b}}}", True)
    add("fraction", f"\\frac{{{a}}}{{{b}}}", f"\\frac{{{b}}}{{{a}}}", a == b)
for a, b in [(1, 2), (4, 3), (7, 8), (5, 9)]:
    add("fraction", f"\\frac{{{a}}}{{{b}}}", f"\\frac{a}{b}", True)
for a, b in [(1, 2), (3, 4), (7, 8), (1, 5), (9, 20)]:
    add("decimal", f"\\frac{{{a}}}{{{b}}}", str(a / b), True)
    add("decimal", str(a / b), f"{a / b}00", True)
    add("decimal", f"\\frac{{{a}}}{{{b}}}", str(a / b + 0.001), False)
add("decimal", "\\frac{1}{3}", "0.333333", True)
add("decimal", "\\frac{1}{3}", "0.33", False)
add("decimal", "\\sqrt{2}", "1.414214", True)
add("decimal", "\\sqrt{2}", "1.41", False)
add("decimal", "\\pi", "3.14", False)
add("decimal", ".5", "0.5", True)
for _ in range(4):
    n, (a, b) = number(2, 20), draw.choice([(1, 2), (1, 3), (2, 3), (3, 4), (5, 8)])
    add("mixed number", f"\\frac{{{n * b + a}}}{{{b}}}", f"{n}\\frac{{{a}}}{{{b}}}", True)
    add("mixed number", f"{n}\\frac{{{a}}}{{{b}}}", f"\\frac{{{n * a}}}{{{b}}}", False)
    add("mixed number", f"\\frac{{{n * b + a}}}{{{b}}}", f"{n} {a}/{b}", True)
for n in [5, 12, 50, 75]:
    add("percent", f"{n}\\%", f"{n}%", True)
    add("percent", f"{n}\\%", f"{n}", True)
    add("percent", f"{n}\\%", f"{n / 100}", True)
    add("percent", f"{n}\\%", f"{n + 1}\\%", False)
for n, unit in [(12, "cm"), (7, "dollars"), (30, "minutes"), (864, "square inches"), (15, "apples")]:
    add("unit", str(n), f"{n} {unit}", True)
    add("unit", str(n), f"{n}\\text{{ {unit}}}", True)
    add("unit", f"{n} \\text{{ {unit}}}", str(n), True)
    add("unit", str(n), f"{n + 2} {unit}", False)
add("unit", "15", "15\\mbox{ cm}^2", True)
for n in [18, 1250, 32348]:
    add("currency", str(n), f"\\${n:,}", True)
    add("currency", f"\\${n}", f"{n}.00", True)
    add("currency", str(n), f"\\${n + 5}", False)
for n in [30, 45, 120]:
    add("degrees", f"{n}^\\circ", str(n), True)
    add("degrees", f"{n}^\\circ", f"{n}^{{\\circ}}", True)
    add("degrees", f"{n}^\\circ", f"{n + 1}^\\circ", False)
add("degrees", "\\frac{1}{2}", "\\sin 30^\\circ", True)
for a, b in [(2, 3), (3, 13), (5, 7), (4, 2)]:
    add("root", f"{a}\\sqrt{{{b}}}", f"\\sqrt{{{a * a * b}}}", True)
    add("root", f"{a}\\sqrt{{{b}}}", f"{b}\\sqrt{{{a}}}", False)
    add("root", f"\\frac{{1}}{{\\sqrt{{{b}}}}}", f"\\frac{{\\sqrt{{{b}}}}}{{{b}}}", True)
    add("root", f"\\frac{{{a}}}{{\\sqrt{{{b}}}+1}}", f"\\frac{{{a}(\\sqrt{{{b}}}-1)}}{{{b - 1}}}", True)
add("root", "\\sqrt{2}", "2^{1/2}", True)
add("root", "\\sqrt2", "\\sqrt{2}", True)
add("root", "\\sqrt[3]{16}", "2\\sqrt[3]{2}", True)
add("root", "12^{1/7}", "\\sqrt[7]{12}", True)
add("root", "\\sqrt{5+2\\sqrt{6}}", "\\sqrt{2}+\\sqrt{3}", True)
add("root", "\\sqrt{5+2\\sqrt{6}}", "\\sqrt{2}+\\sqrt{5}", False)
for n in [2, 15, 288]:
    add("pi", f"{n}\\pi", f"{n} \\cdot \\pi", True)
    add("pi", f"\\frac{{{n}\\pi}}{{7}}", f"\\frac{{{n}}}{{7}}\\pi", True)
    add("pi", f"{n}\\pi", f"{n}", False)
    add("pi", f"{n}\\pi", f"{n + 1}\\pi", False)
for a, e in [(3, 5), (7, -4), (12, 8)]:
    add("scientific", f"{a} \\times 10^{{{e}}}", f"{a}.0 \\cdot 10^{{{e}}}", True)
    add("scientific", f"{a} \\times 10^{{{e}}}", f"{a} \\times 10^{{{e + 1}}}", False)
add("scientific", "6.72 \\times 10^{-5}", ".0000672", True)
add("scientific", "1.5 \\times 10^{3}", "1500", True)
add("scientific", "1500", "1.5e3", True)
add("power", "2^{10}", "1024", True)
add("power", "2^{10}", "4^5", True)
add("power", "2^{10}", "2^{11}", False)
add("power", "2^{2008} - 2", "2(2^{2007} - 1)", True)
add("power", "5!", "120", True)
add("power", "\\binom{6}{2}", "15", True)
for _ in range(6):
    a, b = number(2, 9), number(2, 9)
    x = draw.choice("xyzt")
    add("polynomial", f"({x}+{a})({x}-{b})", f"{x}^2+({a - b}){x}-{a * b}", True)
    add("polynomial", f"({x}+{a})^2", f"{x}^2+{2 * a}{x}+{a * a}", True)
    add("polynomial", f"({x}+{a})^2", f"{x}^2+{a * a}", False)
    add("polynomial", f"{a}{x}+{b}", f"{b}+{a}{x}", True)
    add("polynomial", f"{a}{x}+{b}", f"{b}{x}+{a}", a == b)
add("polynomial", "ab+2a+5b+10", "(a+5)(b+2)", True)
add("polynomial", "p-q", "-(q-p)", True)
add("polynomial", "p-q", "q-p", False)
add("rational", "\\frac{x^2-1}{x+1}", "x-1", True)
add("rational", "\\frac{1}{x}+\\frac{1}{y}", "\\frac{x+y}{xy}", True)
add("rational", "\\frac{1}{x}+\\frac{1}{y}", "\\frac{2}{x+y}", False)
add("rational", "\\frac{x}{2}", "\\frac{1}{2}x", True)
add("rational", "x^{-2}", "\\frac{1}{x^2}", True)
add("function", "\\cot x", "\\frac{\\cos x}{\\sin x}", True)
add("function", "1", "\\sin^2 x + \\cos^2 x", True)
add("function", "\\sin 2x", "2 \\sin x \\cos x", True)
add("function", "\\sin 2x", "\\sin x", False)
add("function", "3^x - 2^x", "-2^x + 3^x", True)
add("function", "\\ln 8", "3 \\ln 2", True)
add("function", "\\log_2 8", "3", True)
add("function", "e^{2x}", "(e^x)^2", True)
add("function", "\\sqrt{x^2}", "x", False)
add("function", "\\sqrt{x}\\sqrt{y}", "\\sqrt{xy}", None)
add("function", "|x|", "x", False)
add("function", "\\tan^{-1} x", "\\arctan x", True)
for a, b in [(6, 5), (2, 7), (1, 274)]:
    add("complex", f"{a}-{b}i", f"-{b}i+{a}", True)
    add("complex", f"{a}-{b}i", f"{a}+{b}i", False)
add("complex", "(1+2i)(3-i)", "5+5i", True)
add("complex", "-i", "i^3", True)
for a, b in [(2, 5), (-3, 4), (0, 1)]:
    for left, right in ["()", "(]", "[)", "[]"]:
        add("interval", f"{left}{a}, {b}{right}", f"\\left{left}{a},{b}\\right{right}", True)
    add("interval", f"({a}, {b}]", f"({a}, {b})", False)
    add("interval", f"({a}, {b}]", f"({a}, {b + 1}]", False)
    add("interval", f"[{a}, \\infty)", f"[{a}, +\\infty)", True)
    add("interval", f"[{a}, \\infty)", f"({a}, \\infty)", False)
add("union", "(-\\infty,-8]\\cup[8,\\infty)", "[8,\\infty) \\cup (-\\infty,-8]", True)
add("union", "(-\\infty,-8]\\cup[8,\\infty)", "(-\\infty,-8)\\cup(8,\\infty)", False)
add("union", "[1,3]", "[1,2]\\cup[2,3]", True)
add("union", "(0,1)\\cup(1,2)", "(0,2)", False)
add("union", "[1,2]\\cup\\{5\\}", "\\{5\\}\\cup[1,2]", True)
for a, b, c in [(6, 31, -1), (1, 2, 3), (0, -4, 7)]:
    add("tuple", f"({a},{b})", f"({a}, {b})", True)
    add("tuple", f"({a},{b},{c})", f"\\left( {a}, {b}, {c} \\right)", True)
    add("tuple", f"({a},{b},{c})", f"({b},{a},{c})", False)
    add("tuple", f"({a},{b},{c})", f"({a},{b})", False)
add("tuple", "\\left(3, \\frac{\\pi}{2}\\right)", "(3, \\pi/2)", True)
add("tuple", "\\left(\\frac{1}{2}, 3\\right)", "(0.5, 3)", True)
for a, b, c in [(1, 2, 10), (3, 5, 7)]:
    add("set", f"\\{{{a},{b},{c}\\}}", f"\\{{{c},{a},{b}\\}}", True)
    add("set", f"\\{{{a},{b},{c}\\}}", f"\\{{{a},{b}\\}}", False)
    add("set", f"\\{{{a},{b}\\}}", f"{a}, {b}", True)
    add("list", f"{a}, {b}, {c}", f"{c},{b},{a}", True)
    add("list", f"{a}, {b}, {c}", f"{a}, {b}", False)
    add("list", f"{a}, {b}", f"{a} \\text{{ and }} {b}", True)
    add("list", f"{a}, {b}", f"{a} \\text{{ or }} {b}", True)
    add("plus-minus", f"{a} \\pm \\sqrt{{{c}}}", f"{a}+\\sqrt{{{c}}}, {a}-\\sqrt{{{c}}}", True)
    add("plus-minus", f"\\pm {b}", f"{b}, -{b}", True)
    add("plus-minus", f"\\pm {b}", f"{b}", False)
for a, b, c, d in [(1, 2, 3, 4), (-1, 0, 0, -1)]:
    for kind in ["pmatrix", "bmatrix"]:
        matrix = f"\\begin{{{kind}}} {a} & {b} \\\\ {c} & {d} \\end{{{kind}}}"
        add("matrix", f"\\begin{{pmatrix}} {a} & {b} \\\\ {c} & {d} \\end{{pmatrix}}", matrix, True)
    add("matrix", matrix, f"\\begin{{bmatrix}} {a} & {b} \\\\ {c} & {d + 1} \\end{{bmatrix}}", False)
    add("matrix", matrix, f"\\begin{{bmatrix}} {a} & {c} \\\\ {b} & {d} \\end{{bmatrix}}", b == c)
add("matrix", "\\begin{pmatrix} 1/2 \\\\ 3 \\end{pmatrix}", "\\begin{pmatrix} 0.5 \\\\ 3 \\end{pmatrix}", True)
add("matrix", "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "\\begin{pmatrix} 1 & 2 \\end{pmatrix}", False)
for n in [5, -3, 12]:
    add("equation", str(n), f"x={n}", True)
    add("equation", f"x={n}", str(n), True)
    add("equation", f"x={n}", f"x={n + 1}", False)
add("equation", "y=2x+3", "y=3+2x", True)
add("equation", "y=2x+3", "y=2x-3", False)
add("equation", "5x-7y+4=0", "7y-5x-4=0", True)
add("equation", "5x-7y+4=0", "10x-14y+8=0", True)
add("equation", "5x-7y+4=0", "5x-7y=-4", True)
add("equation", "5x-7y+4=0", "5x-7y-4=0", False)
for a, b in [(2, 5), (-3, 4)]:
    add("inequality", f"x > {a}", f"{a} < x", True)
    add("inequality", f"x > {a}", f"x \\ge {a}", False)
    add("inequality", f"{a} < x \\le {b}", f"({a}, {b}]", True)
    add("inequality", f"({a}, \\infty)", f"x > {a}", True)
    add("inequality", f"x > {a}", f"x > {b}", False)
for letter in "ABD":
    add("choice", f"\\text{{({letter})}}", f"({letter})", True)
    add("choice", letter, f"\\text{{{letter}}}", True)
    add("choice", letter, "C", False)
for one, other in [("Evelyn", "Briana"), ("even", "odd"), ("east", "west")]:
    add("text", f"\\text{{{one}}}", one, True)
    add("text", f"\\text{{{one}}}", f"\\text{{{other}}}", False)
    add("text", f"\\text{{{one}}}", f"\\text{{{one.upper()}}}", True)
for digits, base in [("52", 8), ("2516", 9), ("10001", 2)]:
    add("base", f"{digits}_{base}", f"{digits}_{{{base}}}", True)
    add("base", f"{digits}_{base}", digits, None)
add("spelling", "\\frac{1}{2}", "\\boxed{\\frac{1}{2}}", True)
add("spelling", "\\frac{1}{2}", "\\tfrac12", True)
add("spelling", "10,\\!080", "10080", True)
add("spelling", "\\left(x+1\\right)^2", "(x+1)^2", True)
add("spelling", "f(x)=x^2+1", "x^2+1", True)
add("spelling", "\\infty", "\\infty", True)
add("spelling", "\\infty", "-\\infty", False)
add("spelling", "0", "-0", True)
for golden, answer, same in [
    ("1.5 \\text{ million}", "1.5 million", True),
    ("1.5 \\text{ million}", "15 \\text{ million}", False),
    ("1.5 million", "15 million", False),
    ("-5 \\text{ million}", "5 \\text{ million}", False),
    ("5 \\text{ million}", "5.0 \\text{ million}", True),
    ("\\frac{1}{2} \\text{ dozen}", "0.5 \\text{ dozen}", True),
    ("\\frac{1}{2} \\text{ dozen}", "12 \\text{ dozen}", False),
    ("\\text{June 20}", "\\text{june 20}", True),
    ("\\text{June 20}", "June 20", True),
    ("\\text{June 20}", "\\text{June 2.0}", False),
    ("\\text{June 20}", "\\text{June 21}", False),
]:
    add("text with numbers", golden, answer, same)
for golden, answer, same in [
    ("(-\\infty,-2)\\cup(2,\\infty)", "x<-2 \\text{ or } x>2", True),
    ("x<-2 \\text{ or } x>2", "x>2 \\text{ or } x<-2", True),
    ("x<-2 \\text{ or } x>2", "(-\\infty,-2]\\cup(2,\\infty)", False),
    ("(-\\infty,1)\\cup(2,\\infty)", "(-\\infty,1), (2,\\infty)", True),
    ("x \\ne 3", "x \\neq 3", True),
    ("x \\ne 3", "x \\ne 4", False),
]:
    add("union", golden, answer, same)
add("interval", "[3,5]", "3, 5", None)
add("list", "3, 5, 7", "[3, 5, 7]", True)
add("list", "3, 5", "(3, 5)", True)
add("unit", "5", "5\\text{ m/s}", True)
add("unit", "5", "5 m", None)
add("degrees", "\\frac{\\pi}{2}", "90^\\circ", None)
add("decimal", "\\frac{1}{3}", "0.\\overline{3}", True)
add("decimal", "\\frac{1}{6}", "0.1\\overline{6}", True)
add("decimal", "\\frac{1}{3}", "0.\\overline{4}", False)
add("set", "\\emptyset", "\\varnothing", True)
add("set", "\\emptyset", "\\{\\}", True)
add("set", "\\emptyset", "\\{0\\}", False)
add("power", "120", "{10 \\choose 3}", True)
add("spelling", "2\\theta", "2θ", True)
add("spelling", "3:4", "3 : 4", True)
add("choice", "A, B", "\\text{(A), (B)}", True)


def judge(golden, answer):
    return verify(parse(f"${golden}$"), parse(f"${answer}$"))


unique = list(dict.fromkeys(pairs))
judged = [[*pair, judge(pair[1], pair[2])] for pair in unique]
lines = ",\n".join(f"  {json.dumps(pair, ensure_ascii=False)}" for pair in judged)
print(f'{{"math-verify": {json.dumps(version("math-verify"))}, "pairs": [\n{lines}\n]}}')
