"""Quantities of resources."""

from __future__ import annotations

QUANTITIES = """
quantity('')                                       => ! quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
quantity('x')                                      => ! quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
quantity('1.5Gi').asInteger()                      => ! cannot convert value to integer
quantity('1.5').asInteger()                        => ! cannot convert value to integer
quantity('1.5').isInteger()                        => false
quantity('1e3').asInteger()                        => 1000
quantity('1E').asInteger()                         => 1000000000000000000
quantity('1E3').asInteger()                        => 1000
quantity('100m').asApproximateFloat()              => 0.1
quantity('1k').add(quantity('1')).asInteger()      => 1001
quantity('1k').add(5).asInteger()                  => 1005
quantity('1k').sub(5).asInteger()                  => 995
quantity('1k').compareTo(quantity('1000'))         => 0
quantity('1k') == quantity('1000')                 => true
sign(quantity('-1'))                               => -1
quantity('-1').sign()                              => ! 1:20: found no matching overload for 'sign' applied to 'kubernetes.Quantity.()'
isQuantity('1Zi')                                  => false
isQuantity('1.')                                   => true
isQuantity('.5')                                   => true
isQuantity('+5')                                   => true
isQuantity(' 5')                                   => false
isQuantity('1e')                                   => false
isQuantity('1kk')                                  => false
isQuantity('9999999999999999999999')               => true
quantity('9999999999999999999999').isInteger()     => false
quantity('9999999999999999999999').asInteger()     => ! cannot convert value to integer
quantity('9223372036854775807').add(1).isInteger() => false
quantity('1n').asApproximateFloat()                => 1e-09
quantity('1Ei').asInteger()                        => ! cannot convert value to integer
quantity('10Ei').isInteger()                       => false
quantity('1000m').isInteger()                      => false
quantity('1.0').isInteger()                        => false
quantity('0').isInteger()                          => true
quantity('0.5').add(quantity('0.5')).isInteger()   => false
quantity('500m').add(quantity('500m')).asInteger() => ! cannot convert value to integer
quantity('1').add(quantity('500m')).isInteger()    => false
quantity('1Gi').asInteger()                        => 1073741824
quantity('1Ti').asInteger()                        => 1099511627776
quantity('1Pi').asInteger()                        => ! cannot convert value to integer
quantity('100Pi').isInteger()                      => false
quantity('1e-3').asApproximateFloat()              => 0.001
quantity('1.') == quantity('1')                    => true
"""


def test_quantities(said, expression: str, answer: str) -> None:
    assert said(expression) == answer
