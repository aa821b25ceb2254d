"""Semantic versions."""

from __future__ import annotations

VERSIONS = """
semver('1.2.3').major()                               => 1
semver('1.2.3-rc.1').isLessThan(semver('1.2.3'))      => true
semver('1.2.3-rc.1').isLessThan(semver('1.2.3-rc.2')) => true
semver('1.2.3-1').isLessThan(semver('1.2.3-a'))       => true
semver('1.2.3-a').isLessThan(semver('1.2.3-a.b'))     => true
semver('v1.2', true).minor()                          => 2
semver('v1', true).patch()                            => 0
semver('v01.02.03', true).minor()                     => 2
semver('1.2')                                         => ! No Major.Minor.Patch elements found
semver('v1.2.3')                                      => ! Invalid character(s) found in major number "v1"
semver('')                                            => ! Version string empty
semver('01.2.3')                                      => ! Major number must not contain leading zeroes "01"
semver('1.2.x')                                       => ! Invalid character(s) found in patch number "x"
semver('a.2.3')                                       => ! Invalid character(s) found in major number "a"
semver('1.2.3-')                                      => ! Prerelease is empty
semver('1.2.3-01')                                    => ! Numeric PreRelease version must not contain leading zeroes "01"
semver('1.2.3-a..b')                                  => ! Prerelease is empty
semver('1.2.3+')                                      => ! Build meta data is empty
semver('1.2.3-a_b')                                   => ! Invalid character(s) found in prerelease "a_b"
semver('1.2.3+a_b')                                   => ! Invalid character(s) found in build meta data "a_b"
semver('1.2.3.4')                                     => ! Invalid character(s) found in patch number "3.4"
isSemver('1.2.3')                                     => true
isSemver('1.2')                                       => false
isSemver('v1.2', true)                                => true
isSemver('v1.2', false)                               => false
semver('1.2.3') == semver('1.2.3+x')                  => true
semver('1.2.3').compareTo(semver('1.3.0'))            => -1
semver('99999999999999999999.1.1')                    => ! strconv.ParseUint: parsing "99999999999999999999": value out of range
"""


def test_versions(said, expression: str, answer: str) -> None:
    assert said(expression) == answer
