"""page.py DIRECTORY: draws the results of an evaluation there: SVG files, and index.html with all.

It needs the rows and facts of the directory only, so it can draw old results again.
"""
import sys
from html import escape

import paper
from goals import GOALS, judge
from load import BUSY_BESIDE_PERCENT, BUSY_PERCENT
from plot import Plot
from results import Results, median, pick, spread

FLOWS = {'default': 'default:\nupload, cold boot', 'precache': "Nova's API\ncaches first",
         'hornero-12': f'hornero,\n{paper.QUOTA_PERCENT} % CPU', 'hornero-100': 'hornero,\nall CPU',
         'warm': 'nothing changed:\nwarm boot'}
STAGES = [('compile_s', 'compile'), ('upload_s', 'upload to Glance'), ('cache_s', 'Nova caches'),
          ('warm_s', 'push to warm'), ('boot_s', 'boot')]
STYLE = '''
body { font-family: sans-serif; max-width: 84em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse } td, th { padding: 0.3em 0.8em; border: 1px solid #ccc }
td { text-align: right } td:first-child, th { text-align: left }
.missed, .warning { background: #fdd } .met { background: #dfd }
.pair { display: flex; flex-wrap: wrap; gap: 1em } figure { margin: 0 }
'''


def differential_plots(rows):
    present = [flow for flow in FLOWS if pick(rows, 'flow', flow=flow)]
    totals = {flow: pick(rows, 'total_s', flow=flow) for flow in present}
    ours = Plot('Here: one line changed in each service, until all are active',
                max(max(values) for values in totals.values()), 's')
    for place, flow in enumerate(present):
        parts = [(median(pick(rows, stage, flow=flow)), colour)
                 for colour, (stage, _) in enumerate(STAGES)]
        ours.bar(place, len(present), parts, FLOWS[flow], spread(totals[flow]))
    for colour, (_, words) in enumerate(STAGES):
        ours.name(colour, words)
    theirs = Plot('Paper, Figure 4', paper.DEFAULT_S, 's')
    theirs.bar(0, 2, [(paper.DEFAULT_S, 0)], 'default')
    theirs.bar(1, 2, [(paper.OURS_S, 3)], 'its architecture')
    return {'differential': ours, 'differential-paper': theirs}


def byte_plots(rows):
    present = [flow for flow in FLOWS if pick(rows, 'flow', flow=flow)]
    columns = ['glance_in_bytes', 'glance_out_bytes', 'git_bytes']
    megabytes = {flow: [median(pick(rows, column, flow=flow)) / 1e6 for column in columns]
                 for flow in present}
    ours = Plot('Here: bytes moved for that change',
                max(sum(values) for values in megabytes.values()), 'MB')
    for place, flow in enumerate(present):
        ours.bar(place, len(present), list(zip(megabytes[flow], range(3))), FLOWS[flow])
    theirs = Plot('Paper, Figure 5', 2000 * paper.MOVED_GB, 'MB')
    theirs.bar(0, 2, [(1000 * paper.MOVED_GB, 0), (1000 * paper.MOVED_GB, 1)], 'default')
    theirs.bar(1, 2, [(0, 2)], 'its architecture:\ncode differences')
    for drawn in (ours, theirs):
        for colour, words in enumerate(['to Glance', 'from Glance', 'by git, over SSH']):
            drawn.name(colour, words)
    return {'bytes': ours, 'bytes-paper': theirs}


def cached_medians(rows):
    """For each count of servers: the seconds of images cached by Nova, and by hornero."""
    for count in sorted({row['servers'] for row in rows}):
        yield (int(count), median(pick(rows, 'boot_s', flow='nova', servers=count)),
               median(pick(rows, 'boot_s', flow='hornero', servers=count)))


def cached_plots(rows):
    ours = Plot('Here: cached boots of several servers at once', max(pick(rows, 'boot_s')), 's')
    theirs = Plot('Paper, Figure 6: seconds added to a cached boot', 2 * paper.CACHED_ADDED_S, 's')
    medians = list(cached_medians(rows))
    most = medians[-1][0]
    for colour, words in enumerate(['cached by Nova', 'cached by hornero']):
        ours.curve([(row[0] / most, row[1 + colour]) for row in medians], colour, True)
        ours.name(colour, words)
    theirs.curve([(n / 10, paper.CACHED_ADDED_S) for n in range(1, 11)], 0, True)
    theirs.name(0, "paper's driver")
    for count, *_ in medians:
        ours.mark(count / most, count)
    for n in range(1, 11):
        theirs.mark(n / 10, n)
    return {'cached': ours, 'cached-paper': theirs}


PARTS = {'idle': 'nothing built', 'differential': 'one line changed in each',
         'full': 'all built from nothing'}


def resource_plots(rows, facts):
    plots = {}
    present = [part for part in PARTS if pick(rows, 'part', part=part)]
    longest = max(pick(rows, 'time_s')) or 1
    base = min(pick(rows, 'memory_mb'))
    cpu = Plot('Here: CPU in use on the node', 100, '%')
    memory = Plot('Here: memory, beyond the least', max(row['memory_mb'] - base for row in rows),
                  'MB')
    builds = Plot('Here: CPU of all builds (mean of 2 s)', 2 * paper.QUOTA_PERCENT, '%')
    for colour, part in enumerate(present):
        samples = [row for row in rows if row['part'] == part]
        cpu.curve([(row['time_s'] / longest, row['cpu_percent']) for row in samples], colour)
        memory.curve([(row['time_s'] / longest, row['memory_mb'] - base) for row in samples],
                     colour)
        points = []
        first = 0
        for row in samples:
            while row['time_s'] - samples[first]['time_s'] > 2:
                first += 1
            seconds = row['time_s'] - samples[first]['time_s']
            if seconds > 0:
                used = row['builds_cpu_s'] - samples[first]['builds_cpu_s']
                points.append((row['time_s'] / longest, 100 * used / seconds / facts['cpus']))
        builds.curve(points, colour)
        for drawn in (cpu, memory, builds):
            drawn.name(colour, PARTS[part])
    builds.limit(paper.QUOTA_PERCENT, f'quota: {paper.QUOTA_PERCENT} %')
    for drawn in (cpu, memory, builds):
        drawn.mark(1, f'{longest:.0f} s')
    theirs = Plot('Paper, Figures 7 and 8: highest CPU in use', 100, '%')
    theirs.bar(0, 2, [(paper.DIFFERENTIAL_PEAK_PERCENT, 0)], 'one line changed')
    theirs.bar(1, 2, [(paper.FULL_PEAK_PERCENT, 0)], 'all built from nothing')
    theirs_memory = Plot('Paper, Figure 9: memory added by full builds', paper.FULL_ADDED_MB, 'MB')
    theirs_memory.bar(0, 1, [(paper.FULL_ADDED_MB, 0)], 'all built from nothing')
    return {'cpu': cpu, 'cpu-paper': theirs, 'memory': memory, 'memory-paper': theirs_memory,
            'builds': builds}


def differences(facts):
    bytes_here = sum(facts.get('services', {}).values()) / 1e6
    yield (f'One machine has all of OpenStack, the users who push, and the servers: '
           f'{facts["cpus"]} processors ({facts["cpu"]}) and {facts["memory_mb"] / 1000:.0f} GB. '
           'No network limits a transfer between them.')
    yield ('The guests are emulated (QEMU without KVM), and have no network: there is no Neutron.')
    yield (f'{len(facts.get("services", {}))} services with {bytes_here:.0f} MB of images '
           f'(paper: 10 with {sum(paper.IMAGES.values())} MB). Each is a small kernel with as many '
           "bytes as the paper's OSv image, made by make and gcc in place of Capstan.")
    yield ('Nova and Glance are unmodified, of Debian 12: '
           + ', '.join(f'{name} {version}' for name, version in facts['versions'].items()) + '.')
    if facts.get('via') == 'heat':
        yield 'Heat boots all servers as one stack, without Rally.'
    else:
        yield "Nova's API boots the servers, all requested at once, without Heat and Rally."
    yield ("hornero's pauses for pressure and its check of builds while idle are off, since the "
           "paper's builds had neither.")


def warnings(rows, facts):
    every = rows['differential'] + rows['cached']
    busy = sum(row['busy_before'] > BUSY_BESIDE_PERCENT for row in every)
    if facts.get('idle_busy', 0) > BUSY_PERCENT or busy:
        yield (f'The machine was not quiet: {facts.get("idle_busy", 0)} % of its CPU was in use '
               f'before the start, and more than {BUSY_BESIDE_PERCENT} % before {busy} of '
               f'{len(every)} measurements. Do not trust these figures.')
    if not any(rows.values()):
        yield 'The evaluation ended before anything was measured.'
    if facts['rounds'] < 3:
        yield 'There are fewer than three rounds: a median says little.'
    if facts.get('scale') != 'full':
        yield (f'The scale is "{facts.get("scale")}": the images are smaller than those of the '
               'paper, and so fixed costs weigh more.')


def table(head, rows):
    """Cells are texts; a row may begin with the class of its line."""
    yield '<table><tr>' + ''.join(f'<th>{escape(cell)}</th>' for cell in head) + '</tr>'
    for kind, *cells in rows:
        yield (f'<tr class="{kind}">' if kind else '<tr>') \
            + ''.join(f'<td>{escape(str(cell))}</td>' for cell in cells) + '</tr>'
    yield '</table>'


def numbers(rows):
    for flow, words in FLOWS.items():
        chosen = [row for row in rows if row['flow'] == flow]
        if not chosen:
            continue
        low, high = spread(pick(chosen, 'total_s'))
        yield ['', words.replace('\n', ' ')] \
            + [f'{median(pick(chosen, stage)):.1f}' for stage, _ in STAGES] \
            + [f'{median(pick(chosen, "total_s")):.1f} ({low:.1f} to {high:.1f})',
               f'{median(pick(chosen, "said_s")):.1f}',
               f'{median(pick(chosen, "glance_in_bytes")) / 1e6:.0f}',
               f'{median(pick(chosen, "glance_out_bytes")) / 1e6:.0f}',
               f'{median(pick(chosen, "git_bytes")) / 1e3:.1f}',
               f'{median(pick(chosen, "load")):.1f}']


def body(rows, facts, plots):
    yield '<h1>hornero, evaluated as in the paper</h1>'
    yield (f'<p>{escape(facts["date"])}, hornero {escape(facts["hornero"])}, Linux '
           f'{escape(facts["kernel"])}, {escape(facts["filesystem"])}, '
           f'{facts["rounds"]} rounds.</p>')
    for warning in warnings(rows, facts):
        yield f'<p class="warning">Warning: {escape(warning)}</p>'
    yield '<h2>Goals</h2>'
    words = {True: 'met', False: 'missed', None: ''}
    yield from table(['', 'measured', 'goal', ''],
                     [(words[met], GOALS[name], value, goal, words[met])
                      for name, value, goal, met in judge(rows, facts)])
    sections = {
        'Differential provisioning (Figures 3 and 4)': ['differential'],
        'Bytes moved (Figure 5)': ['bytes'],
        'Cached provisioning (Figure 6)': ['cached'],
        'Resources (Figures 7 to 9)': ['cpu', 'memory', 'builds']}
    for heading, names in sections.items():
        if names[0] not in plots:
            continue
        yield f'<h2>{escape(heading)}</h2>'
        for name in names:
            yield '<div class="pair">'
            for drawn in (name, f'{name}-paper'):
                if drawn in plots:
                    yield f'<figure>{plots[drawn].svg()}</figure>'
            yield '</div>'
        if names[0] == 'differential':
            yield from table(
                ['medians'] + [f'{words}, s' for _, words in STAGES]
                + ['total, s (spread)', 'all guests spoke, s', 'to Glance, MB', 'from Glance, MB',
                   'by git, kB', 'load before'], numbers(rows['differential']))
        if names[0] == 'cached':
            yield from table(
                ['servers', 'by Nova, s', 'by hornero, s', 'added, s', 'ratio'],
                [['', count, f'{novas:.2f}', f'{ours:.2f}', f'{ours - novas:+.2f}',
                  f'{ours / novas:.3f}'] for count, novas, ours in cached_medians(rows['cached'])])
    yield '<h2>What differs from the paper\'s set-up</h2><ul>'
    for difference in differences(facts):
        yield f'<li>{escape(difference)}</li>'
    yield '</ul>'
    yield ('<p>The rows are in differential.csv, cached.csv and resources.csv, the machine is in '
           'facts.json; bench/evaluate/page.py draws this page from them.</p>')


def draw(rows, facts):
    plots = {}
    if rows['differential']:
        plots.update(differential_plots(rows['differential']))
        plots.update(byte_plots(rows['differential']))
    if len({row['flow'] for row in rows['cached']}) == 2:
        plots.update(cached_plots(rows['cached']))
    if rows['resources']:
        plots.update(resource_plots(rows['resources'], facts))
    return plots


def write(directory):
    results = Results(directory)
    rows = results.load()
    plots = draw(rows, results.facts)
    for name, drawn in plots.items():
        with open(f'{directory}/{name}.svg', 'w') as file:
            file.write(drawn.svg())
    with open(f'{directory}/index.html', 'w') as file:
        file.write('<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head>'
                   '<meta charset="utf-8"/><title>hornero, evaluated</title>'
                   f'<style>{STYLE}</style></head><body>\n'
                   + '\n'.join(body(rows, results.facts, plots)) + '\n</body></html>\n')


def missed(directory):
    """Lines for the terminal: each goal, its figure, and whether it was met."""
    results = Results(directory)
    rows = results.load()
    for name, value, goal, met in judge(rows, results.facts):
        word = {True: 'met', False: 'MISSED', None: ''}[met]
        yield f'   {GOALS[name]}: {value} (goal: {goal}) {word}'.rstrip()
    for warning in warnings(rows, results.facts):
        yield f'   Warning: {warning}'


if __name__ == '__main__':
    write(sys.argv[1])
    print('\n'.join(missed(sys.argv[1])))
