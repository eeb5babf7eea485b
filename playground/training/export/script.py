"""Write a training run as a plain PyTorch script that prints the numbers of its records, to the last digit.

The net is built right after `torch.manual_seed`, so that dropout draws from the stream where the run's does; the order
of the examples has a generator of its own, and there are as many threads: sums in another order give other bits.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from textwrap import fill

from torch import nn

from playground.computing.device import AUTO, CPU, FASTEST
from playground.layers.export.script import assembled
from playground.layers.net.net import net_of
from playground.training import optimizers
from playground.training.config import TrainConfig
from playground.training.export.dimensions import Dimensions, dimensions_of
from playground.training.export.script_data import data_parts
from playground.training.model import document_of
from playground.training.records import TrainRecord
from playground.training.size import evaluated_at_once, size_of

WEIGHT_INIT = """\
generator = torch.Generator().manual_seed({seed})
for module in net.modules():
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d):
        {fill}
        if module.bias is not None:
            nn.init.zeros_(module.bias)
"""
DEVICE = """\
device = {device}
net = net.to(device)
train_x, train_y, test_x, test_y = (part.to(device) for part in (train_x, train_y, test_x, test_y))
"""
TEST = """\
@torch.no_grad()
def test(x, y):
    net.eval()  # dropout rests, batch norm takes its running statistics
    output = torch.cat([net(part) for part in x.split({at_once})])
    net.train()
    loss = {loss}
    return loss.item(), {score}
"""
LOOP = """\
step, losses, {sum}, count = 0, [], 0, 0
while step < {steps}:
{batches}{rates}        output = net(x)
        loss = {loss}
        optimizer.zero_grad()
        loss.backward()
{clip}        optimizer.step()
        step += 1
{schedule}        losses.append(loss.item() * len(y))
        {sum} += {add}.sum().item()
        count += len(y)
        if {due}:
            print(f"step {{step}}, loss {{sum(losses) / count}}, {name} {{{sum} / count{unit}}}")
            losses, {sum}, count = [], 0, 0
            if {tested}:
                print("step {{}}, test loss {{}}, test {name} {{}}".format(step, *test(test_x, test_y)))
        if step == {steps}:
            break
"""
IN_ORDER = """\
    for x, y in zip(train_x.split({batch}), train_y.split({batch})):
"""
SHUFFLED = """\
    for rows in torch.randperm(len(train_x), generator=order_generator).split({batch}):
        x, y = train_x[rows], train_y[rows]  # in memory of their own, as the run has them: else other bits may come
"""
RATES = """\
        if step in rates:
            scale_rate(optimizer, {schedule}, rates[step] / optimizer.param_groups[0]["lr"])
"""
# How good a batch is: classes that are right, or how far predicted numbers are off, in the unit of the data.
RIGHT = {
    "name": "accuracy",
    "sum": "right",
    "add": "(output.argmax(1) == y)",
    "score": "(output.argmax(1) == y).float().mean().item()",
    "unit": "",
}
OFF = {
    "name": "error",
    "sum": "off",
    "add": "(output[:, 0] - y).abs()",
    "score": "(output[:, 0] - y).abs().mean().item()",
    "unit": "",
}
OFF_NORMALISED = OFF | {"score": f"{OFF['score']} * unit", "unit": " * unit"}
_FILLS = {
    "Xavier uniform": "nn.init.xavier_uniform_(module.weight, generator=generator)",
    "Xavier normal": "nn.init.xavier_normal_(module.weight, generator=generator)",
    "Kaiming uniform": 'nn.init.kaiming_uniform_(module.weight, nonlinearity="relu", generator=generator)',
    "Kaiming normal": 'nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)',
    "normal 0.01": "nn.init.normal_(module.weight, std=0.01, generator=generator)",
    "zeros": "nn.init.zeros_(module.weight)",
}
_SCHEDULES = {
    "constant": "",
    "step": "StepLR(optimizer, step_size={step_size}, gamma={gamma!r})",
    "cosine": "CosineAnnealingLR(optimizer, T_max={planned})",
    "one-cycle": "OneCycleLR(optimizer, max_lr={rate!r}, total_steps={planned}, cycle_momentum=False)",
}
WEIGHTS = """\
# The weights of the run itself, as they leave the page:
# from safetensors.torch import load_file
# net.load_state_dict(load_file("weights.safetensors"))
"""


def training_script(
    config: TrainConfig,
    records: Sequence[TrainRecord] = (),
    *,
    more_epochs: int = 0,
    threads: int = 0,
    folder: str = "data",
) -> str:
    """Write the script; run alone it prints the loss and the accuracy, or the error, of every record. PlaygroundError:
    no such run.

    `records`: of the run, whose rates were changed perhaps, and which was stopped perhaps, for good or for a while: the
    script prints these and ends with the last. Without: of the whole run as it is planned, and `more_epochs`.
    `threads`: of the run; 0: as many as PyTorch takes. `folder`: where torchvision finds or puts its files.
    """
    dimensions = dimensions_of(config)
    rates = changed_rates(config, records)
    document = document_of(config, dimensions.input_shape, dimensions.classes)
    writer = net_of(document).writer("named")
    loss = f"loss_function(output, {'y' if writer.wants_labels else writer.rows_of_labels()})"
    parts = [f"torch.set_num_threads({threads})  # as the run: sums in another order give other bits\n"] * bool(threads)
    parts += data_parts(config, dimensions, folder)
    parts += [*writer.definitions(), *writer.net()]
    if config.initial != "PyTorch":
        parts.append(WEIGHT_INIT.format(seed=config.rng_seed, fill=_FILLS[config.initial]))
    if config.device != str(CPU):
        parts.append(DEVICE.format(device=FASTEST if config.device == AUTO else repr(config.device)))
    parts.append(_optimizer(config) + _schedule(config, dimensions))
    if rates:
        parts += ["from torch.optim.lr_scheduler import LRScheduler\n", f"_RATES = {optimizers._RATES}\n"]
        parts += [inspect.getsource(optimizers.scale_rate), f"rates = {rates}  # set after so many steps\n"]
    if config.shuffle:
        parts.append(f"order_generator = torch.Generator().manual_seed({config.rng_seed})\n")
    score = RIGHT if dimensions.classes else OFF_NORMALISED if config.normalise else OFF
    parts.append(TEST.format(at_once=evaluated_at_once(size_of(document)), loss=loss, score=score["score"]))
    parts += [_loop(config, dimensions, records, more_epochs, bool(rates), loss, score), WEIGHTS]
    return assembled(parts)


def changed_rates(config: TrainConfig, records: Sequence[TrainRecord]) -> dict[int, float]:
    """The learning rates that were set while a run went on, by the number of steps done: what its schedule alone
    does not say of the records' rates."""
    dimensions = dimensions_of(config)
    optimizer = optimizers.optimizer_of(config, [nn.Parameter()])
    schedule = optimizers.schedule_of(config, optimizer, dimensions.steps_per_epoch, dimensions.planned)
    found: dict[int, float] = {}
    done = 0
    for record in records:
        rate = float(optimizer.param_groups[0]["lr"])
        if record.learning_rate != rate:
            found[done] = record.learning_rate
            optimizers.scale_rate(optimizer, schedule, record.learning_rate / rate)
        optimizer.step()
        while done < record.step:
            done += 1
            if schedule is not None and done < dimensions.planned:
                schedule.step()
    return found


def _off_schedule(dimensions: Dimensions, records: Sequence[TrainRecord]) -> tuple[set[int], set[int]]:
    """The steps inside an epoch after which a run was at its end, and is tested therefore, and those that have a record
    without a plan: early ones, those that time alone asked for, and where it was paused or stopped."""
    inside = [record for record in records if record.step % dimensions.steps_per_epoch]
    ended = {record.step for record in inside if record.test_loss is not None}
    planned = {record.step for record in inside if record.step == 1 or record.step % dimensions.record_every == 0}
    return ended, {record.step for record in inside} - ended - planned


def _points(unplanned: set[int]) -> str:
    """The steps that were recorded without a plan."""
    if not unplanned:
        return ""
    listed = fill(f"points = {{{', '.join(map(str, sorted(unplanned)))}}}", 110, subsequent_indent="    ")
    return f"# The run has records after these steps, too: early ones, and where somebody wanted something.\n{listed}\n"


def _optimizer(config: TrainConfig) -> str:
    taken = next(row.takes for row in optimizers.OPTIMIZERS if row.name == config.optimizer)
    given = {"lr": config.learning_rate, "momentum": config.momentum, "nesterov": config.nesterov}
    settings = {"lr": config.learning_rate} | {name: given[name] for name in taken if given[name]}
    if config.weight_decay or config.optimizer == "AdamW":  # whose own default is another
        settings["weight_decay"] = config.weight_decay
    written = ", ".join(f"{name}={content!r}" for name, content in settings.items())
    return f"optimizer = torch.optim.{config.optimizer}(net.parameters(), {written})\n"


def _schedule(config: TrainConfig, dimensions: Dimensions) -> str:
    call = _SCHEDULES[config.schedule].format(
        step_size=config.decay_epochs * dimensions.steps_per_epoch,
        gamma=config.decay,
        planned=max(dimensions.planned, 1),
        rate=config.learning_rate,
    )
    return f"schedule = torch.optim.lr_scheduler.{call}\n" if call else ""


def _loop(
    config: TrainConfig,
    dimensions: Dimensions,
    records: Sequence[TrainRecord],
    more_epochs: int,
    has_rates: bool,
    loss: str,
    score: Mapping[str, str],
) -> str:
    planned, per_epoch, every = dimensions.planned, dimensions.steps_per_epoch, dimensions.record_every
    steps = records[-1].step if records else planned + more_epochs * per_epoch
    due = [f"step == 1 or step % {every} == 0"] if every > 1 else []
    due += [f"step % {per_epoch} == 0"] if due and per_epoch % every else []
    ended, unplanned = _off_schedule(dimensions, records) if records else ({planned, steps}, set[int]())
    ends = [f"step == {end}" for end in sorted(ended) if end % per_epoch]
    due += ends + ["step in points"] * bool(unplanned) if due else []
    return _points(unplanned if due else set()) + LOOP.format(
        steps=steps,
        batches=(SHUFFLED if config.shuffle else IN_ORDER).format(batch=config.batch),
        rates=RATES.format(schedule="None" if config.schedule == "constant" else "schedule") if has_rates else "",
        loss=loss,
        **{name: score[name] for name in ("name", "sum", "add", "unit")},
        clip=f"        nn.utils.clip_grad_norm_(net.parameters(), {config.clip!r})\n" if config.clip else "",
        schedule=f"        if step < {planned}:\n            schedule.step()\n"
        if config.schedule != "constant"
        else "",
        due=" or ".join(due) or "True",
        tested=" or ".join([f"step % {per_epoch} == 0", *ends]),
    )
