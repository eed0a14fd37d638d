"""Random models: drawn, fitted with the real scikit-learn, answered, compared.

`families` and `composed` draw estimators and options, `drawing` the data they learn from, `worker`
fits and answers inside one version's environment, `compare` judges another program's answers, and
`answer` is the real library behind deadweight's command line, for the self-test. Python 3.6 syntax:
the oldest version runs with that.
"""
