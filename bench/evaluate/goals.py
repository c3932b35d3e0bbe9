"""goals.py: the goals of an evaluation, and what its rows say about each."""
import paper
from results import median, pick

GOALS = {
    'flow': 'Whole flow of a change by hornero with all CPU, against Nova\'s warm boot',
    'cached': 'Boots of images that hornero cached, against those that Nova cached',
    'glance': 'Bytes through Glance for a change by hornero',
    'pushed': 'Bytes on the wire for a change of all services',
    'quota': f'CPU of all full builds together under a quota of {paper.QUOTA_PERCENT} %',
}


def quota_percent(rows, cpus):
    """Mean CPU of the builds over a full build of all, in percent of the node."""
    full = [row for row in rows if row['part'] == 'full']
    # Its first and last samples may be of times when nothing was built yet, or any more.
    used = [row['builds_cpu_s'] for row in full]
    during = [row for row, after in zip(full, used[1:]) if after > row['builds_cpu_s']]
    if len(during) < 2:
        return None
    return 100 * (during[-1]['builds_cpu_s'] - during[0]['builds_cpu_s']) \
        / (during[-1]['time_s'] - during[0]['time_s']) / cpus


def cached_ratio(rows):
    """Over all counts of servers: the sum of the medians, by hornero against Nova."""
    sums = {}
    for flow in ['nova', 'hornero']:
        counts = sorted({row['servers'] for row in rows})
        medians = [median(pick(rows, 'boot_s', flow=flow, servers=count)) for count in counts]
        if not medians or None in medians:
            return None
        sums[flow] = sum(medians)
    return sums['hornero'] / sums['nova']


def judge(rows, facts):
    """For each goal: its name, the figure as text, the goal as text, and whether it was met; None
    if it was not measured."""
    changes = rows['differential']
    ours = [row for row in changes if str(row['flow']).startswith('hornero-')]
    judged = []

    def say(name, value, shown, goal, met):
        if value is None:
            judged.append((name, 'not measured', goal, None))
        else:
            judged.append((name, shown(value), goal, met(value)))

    whole = median(pick(changes, 'total_s', flow='hornero-100'))
    warm = median(pick(changes, 'total_s', flow='warm'))
    say('flow', whole / warm if whole and warm else None, lambda v: f'{v:.2f}', 'at most 1.15',
        lambda v: v <= 1.15)
    say('cached', cached_ratio(rows['cached']), lambda v: f'{v:.3f}', 'at most 1.02',
        lambda v: v <= 1.02)
    moved = [row['glance_in_bytes'] + row['glance_out_bytes'] for row in ours]
    say('glance', max(moved, default=None), lambda v: f'{v:.0f}', '0', lambda v: v == 0)
    say('pushed', max((row['git_bytes'] for row in ours), default=None),
        lambda v: f'{v / 1000:.1f} kB', 'at most 100 kB', lambda v: v <= 100_000)
    say('quota', quota_percent(rows['resources'], facts['cpus']), lambda v: f'{v:.2f} %',
        f'{paper.QUOTA_PERCENT} ± 0.5 %', lambda v: abs(v - paper.QUOTA_PERCENT) <= 0.5)
    return judged
