"""results.py: the directory of results: rows in CSV files, facts in JSON; medians and spread."""
import csv
import json
import os
import statistics

COLUMNS = {
    'differential': ['round', 'flow', 'compile_s', 'upload_s', 'cache_s', 'push_s', 'warm_s',
                     'boot_s', 'total_s', 'said_s', 'glance_in_bytes', 'glance_out_bytes',
                     'git_bytes', 'load', 'busy_before'],
    'cached': ['round', 'flow', 'servers', 'boot_s', 'said_s', 'glance_out_bytes', 'load',
               'busy_before'],
    'resources': ['part', 'time_s', 'cpu_percent', 'memory_mb', 'builds_cpu_s', 'builds_mb'],
}


class Results:
    def __init__(self, directory):
        self.directory = directory
        self.facts = {}

    def add(self, name, **row):
        """A row of NAME.csv, on disk when this returns: an interrupted run keeps its rows."""
        path = f'{self.directory}/{name}.csv'
        new = not os.path.exists(path)
        with open(path, 'a', newline='') as file:
            writer = csv.DictWriter(file, COLUMNS[name], restval='', lineterminator='\n')
            if new:
                writer.writeheader()
            writer.writerow({key: round(value, 3) if isinstance(value, float) else value
                             for key, value in row.items()})

    def fact(self, **facts):
        self.facts.update(facts)
        with open(f'{self.directory}/facts.json', 'w') as file:
            json.dump(self.facts, file, indent=1)
            file.write('\n')

    def load(self):
        """The rows of all CSV files; numbers are numbers, and an empty field is 0."""
        with open(f'{self.directory}/facts.json') as file:
            self.facts = json.load(file)
        rows = {}
        for name in COLUMNS:
            path = f'{self.directory}/{name}.csv'
            rows[name] = []
            if os.path.exists(path):
                with open(path, newline='') as file:
                    rows[name] = [{key: number(value) for key, value in row.items()}
                                  for row in csv.DictReader(file)]
        return rows


def number(text):
    if text in (None, ''):
        return 0
    try:
        return float(text)
    except ValueError:
        return text


def pick(rows, column, **wanted):
    return [row[column] for row in rows
            if all(row[key] == value for key, value in wanted.items())]


def median(values):
    return statistics.median(values) if values else None


def spread(values):
    """The smallest and the largest."""
    return (min(values), max(values)) if values else (None, None)
