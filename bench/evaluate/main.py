"""main.py: runs an evaluation in the namespaces of ./evaluate, and writes its results."""
import argparse
import shutil
import sys
import time

import cached
import page
import resources
from daemons import Failed
from differential import Differential
from images import Images
from load import BUSY_PERCENT, busy_percent
from machine import facts
from node import Node
from openstack import OpenStack
from results import Results
from services import SCALES, services
from stacks import Heat

STATE = '/evaluate/state'
OUTPUT = '/evaluate/output'
EXAMPLE = '/evaluate/src/examples/hello'


def wanted(options, first, last):
    """Whether one of these figures of the paper is to be measured."""
    return not options.figure or any(first <= figure <= last for figure in options.figure)


def stage(text, start=time.monotonic()):
    print(f'== {text} ({time.monotonic() - start:.0f} s after the start)', flush=True)


def evaluate(options):
    results = Results(OUTPUT)
    results.fact(**facts(), idle_busy=round(busy_percent(5), 1), hornero=options.commit,
                 scale=options.scale, rounds=options.rounds, via=options.via,
                 figures=options.figure)
    if results.facts['idle_busy'] > BUSY_PERCENT:
        print(f'   Warning: the machine is not quiet: {results.facts["idle_busy"]} % of its CPU '
              'is in use before anything starts.', flush=True)
    stage('OpenStack')
    openstack = OpenStack(STATE, Heat() if options.via == 'heat' else None)
    openstack.up()
    stage("hornero's node")
    node = Node(STATE, openstack.daemons, options.top)
    node.up()
    stage('The services, built and booted for the first time')
    all_services = services(options.scale)
    for service in all_services:
        service.write(EXAMPLE, f'{STATE}/trees/{service.name}')
    results.fact(services={service.name: service.bytes for service in all_services})
    images = Images(openstack, node, all_services)
    images.prepare()
    if wanted(options, 3, 5):
        stage('Differential provisioning (Figures 3 to 5)')
        for number in range(1, options.rounds + 1):
            Differential(images, results).round(number)
    if wanted(options, 6, 6):
        stage('Cached provisioning (Figure 6)')
        for number in range(1, options.rounds + 1):
            cached.measure(images, results, number)
    if wanted(options, 7, 9):
        stage('Resources (Figures 7 to 9)')
        resources.measure(images, results, options.top)
    stage('Done')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--scale', choices=SCALES)
    parser.add_argument('--rounds', type=int)
    parser.add_argument('--figure', type=int, action='append')
    parser.add_argument('--via')
    parser.add_argument('--top')
    parser.add_argument('--commit')
    options = parser.parse_args()
    try:
        evaluate(options)
    except Failed as failed:
        print(f'evaluate: {failed}', file=sys.stderr)
        shutil.copytree(f'{STATE}/log', f'{OUTPUT}/log')
        print(f'The logs of all daemons are in the directory "log" of the results.',
              file=sys.stderr)
        return 1
    finally:
        page.write(OUTPUT)
    print('\n'.join(page.missed(OUTPUT)))
    return 0


sys.exit(main())
