"""An invented stadium full of people, for trying the program and for its tests.

Nobody here exists. Only the totals are those the city published in November 2018; see palillo.py.
"""
