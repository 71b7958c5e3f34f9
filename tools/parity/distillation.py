"""Values and gradients of the losses in the repositories of DistiLLM, TAID and AKL, their TAID schedule and their adaptive sampler.

    python distillation.py DISTILLM TAID AKL OUT.json

takes a checkout of each (jongwooko/distillm, SakanaAI/TAID, wutaiqiang/LLM_KD_AKL) and runs their own functions on stored inputs. Losses
are averages over the tokens that a mask keeps; gradients are those to the student's logits.
"""

import importlib.util
import json
import random
import subprocess
import sys
import types

import torch
import torch.nn.functional as F


def load(name, source):
    module = types.ModuleType(name)
    module.__dict__.update({"torch": torch, "F": F})
    exec(compile(source, name, "exec"), module.__dict__)
    return module


def read(checkout, path):
    """From the work tree, or from a bare repository."""
    return subprocess.run(["git", "-C", checkout, "show", f"HEAD:{path}"], check=True, capture_output=True, text=True).stdout


def stub_lightning():
    """TAID derives nothing from it but a type."""
    for name in ["lightning", "lightning.pytorch"]:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].LightningModule = object


def load_taid(checkout):
    stub_lightning()
    package = types.ModuleType("taid")
    package.__path__ = []
    sys.modules["taid"] = package
    modules = {}
    for name in ["base", "fkl", "rkl", "js", "skew_fkl", "skew_rkl", "tvd", "taid"]:
        spec = importlib.util.spec_from_loader(f"taid.{name}", loader=None)
        module = importlib.util.module_from_spec(spec)
        module.__package__ = "taid"
        sys.modules[f"taid.{name}"] = module
        # Its buffers ask for a GPU.
        source = read(checkout, f"src/distil_losses/{name}.py").replace('device="cuda"', 'device="cpu"')
        exec(compile(source, name, "exec"), module.__dict__)
        modules[name] = module
    return modules


def measure(logits, loss):
    logits = torch.tensor(logits, requires_grad=True)
    value = loss(logits.unsqueeze(0))
    value.backward()
    return {"value": value.item(), "gradient": logits.grad.flatten().tolist()}


def main(distillm_checkout, taid_checkout, akl_checkout, out):
    draw = random.Random(7)
    tokens, vocabulary = 5, 6
    make = lambda: [[round(draw.gauss(0, 2), 3) for _ in range(vocabulary)] for _ in range(tokens)]
    student, teacher, mask = make(), make(), [0, 1, 1, 0, 1]
    target = torch.tensor(teacher).unsqueeze(0)
    labels = {"label": torch.tensor([[5 if keep else -100 for keep in mask]])}
    kept = torch.tensor([mask])

    distillm = load("distillm", read(distillm_checkout, "distillm/losses.py"))
    losses = {
        "distillm": {
            "fkl": measure(student, lambda z: distillm.forward_kl(z, target, labels)),
            "rkl": measure(student, lambda z: distillm.reverse_kl(z, target, labels)),
            "js": measure(student, lambda z: distillm.js_distance(z, target, labels)),
            "tvd": measure(student, lambda z: distillm.tv_distance(z, target, labels)),
            "skew-fkl": measure(student, lambda z: distillm.skewed_forward_kl(z, target, labels)),
            "skew-rkl": measure(student, lambda z: distillm.skewed_reverse_kl(z, target, labels)),
        }
    }

    taid = load_taid(taid_checkout)
    classes = {
        "fkl": taid["fkl"].ForwardKL,
        "rkl": taid["rkl"].ReverseKL,
        "js": taid["js"].JS,
        "tvd": taid["tvd"].TVD,
        "skew-fkl": taid["skew_fkl"].SkewForwardKL,
        "skew-rkl": taid["skew_rkl"].SkewReverseKL,
    }
    losses["taid"] = {
        name: measure(student, lambda z, make=make: make()(logits=z, teacher_logits=target, mask=kept))
        for name, make in classes.items()
    }
    method = taid["taid"].TAID()
    losses["taid"]["taid"] = measure(student, lambda z: method.compute_loss(z, target, kept))

    akl = load("akl", read(akl_checkout, "AKL.py"))

    def adaptive(z):
        head, tail = akl.get_ratio(target, z)
        inf_mask = torch.isinf(z)
        return akl.get_kl(target, z, inf_mask, kept, head) + akl.get_kl(z, target, inf_mask, kept, tail)

    losses["akl"] = {"adaptive-kl": measure(student, adaptive)}

    steps = [round(2 * 0.97**step + draw.gauss(0, 0.2), 4) for step in range(60)]
    schedules = []
    for options in [{}, {"t_start": 0.2, "alpha": 0.05, "beta": 0.9}, {"t_start": 0.2, "t_end": 0.8, "disable_adaptive": True}]:
        schedule = taid["taid"].TAID(**options)
        schedule.double()
        path = []
        for step, loss in enumerate(steps):
            schedule.update_t(torch.tensor(loss, dtype=torch.float64), step, len(steps))
            path.append(schedule.t.item())
        schedules.append({"options": options, "t": path})

    document = {"student": student, "teacher": teacher, "mask": mask, "losses": losses, "scheduleLosses": steps, "schedules": schedules}
    with open(out, "w") as file:
        json.dump(document, file)
        file.write("\n")


main(*sys.argv[1:])
