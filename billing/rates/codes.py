"""HCPCS codes and modifiers (pure).

A0120 mini-bus or other, A0130 wheelchair van, T2005 stretcher van; S0215 mile, S0209
wheelchair-van mile, T2049 stretcher-van mile; T2007 waiting time, T2001 attendant, A0170 tolls.
Modifiers: two letters for origin and destination, then what is special about the line.
"""

BASE_CODES = {
    "ambulatory": "A0120",
    "wheelchair": "A0130",
    "bariatric_wheelchair": "A0130",
    "stretcher": "T2005",
    "bariatric_stretcher": "T2005",
}
MILE_CODES = {"A0120": "S0215", "A0130": "S0209", "T2005": "T2049"}
WAIT_CODE, ATTENDANT_CODE, TOLL_CODE = "T2007", "T2001", "A0170"
#: Nothing was driven: no HCPCS code exists for these, payers know them by their own names.
NO_SHOW_CODE, CANCEL_CODE = "NOSHOW", "CANCEL"

#: Level of service -> the level that it is without the weight.
PLAIN_LEVEL = {"bariatric_wheelchair": "wheelchair", "bariatric_stretcher": "stretcher"}

SHARED_RIDE, EXTRA_PASSENGER = "GM", "TK"
OVERTIME, HOLIDAY_OR_WEEKEND = "TU", "TV"

#: What stands at an end of a ride, for the modifier of origin and destination.
PLACE_LETTERS = {
    "D": "diagnostic or therapeutic site other than P or H",
    "E": "residential, domiciliary or custodial facility",
    "G": "hospital-based dialysis facility",
    "H": "hospital",
    "I": "site of transfer between vehicles",
    "J": "dialysis facility that is not part of a hospital",
    "N": "skilled nursing facility",
    "P": "physician's office",
    "R": "residence",
    "S": "scene",
    "X": "stop at a physician's office on the way to a hospital",
}
RESIDENCE, CLINIC = "R", "D"
