"""Words by which entities, devices and integrations are told apart.

They rank candidates; none is found by its name alone. Patterns hold the beginnings of words, in
the languages of the integrations; sets hold the domains of integrations.
"""

import re

from server.finding.snapshot.entities import pattern_of


def _domains(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Batteries

HOME_BATTERY = pattern_of(
    "powerwall|sonnen|solax|foxess|fox ess|sungrow|sigen|huawei|luna2000|alpha ess|givenergy|giv"
    "|enphase|encharge|goodwe|solaredge|victron|fronius|byd |growatt|solis|deye|sunsynk|senec|e3dc"
    "|kostal|sma |lg ess|rct power|fenecon|anker solix|solarbank|zendure|ecoflow|marstek|saj |sofar"
    "|pylontech|franklin|power sync|solarman|solar assistant|varta|home battery|house battery"
    "|hausbatterie|hausspeicher|thuisbatterij|solar battery|battery storage|speicher|ess "
)
SOC = pattern_of(
    "soc |state of charge|stateofcharge|ladezustand|ladestand|laadniveau|state of energy"
    "|etat de charge|niveau de charge"
)
LEVEL = pattern_of("battery level|battery charge|akkustand|batteriestand|charge |level")
STORE = pattern_of("bat |batt|akku|accu|speicher|storage|charg|discharg|entlad|encharge|ess ")
INVERTER = pattern_of("solar|pv |photovolt|grid|inverter|wechselrichter|onduleur|omvormer")
LIMIT = pattern_of(
    "min |minimum|max |maximum|reserve|target|limit|cutoff|cut off|backup|setpoint|set point"
    "|threshold|health|soh |degradation|floor|forecast|predicted|planned|expected|optimi|depth"
    "|dod |end of"
)
ONE_OF_SEVERAL = pattern_of("cell|module|pack|bms|string|rack|slave")
CAPACITY = pattern_of(
    "capacity|kapazitat|capaciteit|full pack|total pack|nominal energy|usable|rated energy"
    "|battery size|installed|pack energy"
)
NOT_CAPACITY = pattern_of(
    "remaining|available|left|to go|current|stored|missing|peak|charge limit|used|solar|pv |rest"
)
RESERVE = pattern_of("backup reserve|reserve|min soc|minimum soc|backup soc|soc min")

PERSONAL = _domains(
    "mobile_app icloud icloud3 google_find_my tile garmin_connect withings apple_tv sonos "
    "browser_mod fully_kiosk unifi nut apcupsd ring blink reolink tado netatmo hue zha "
    "zwave_js deconz matter switchbot shelly bthome xiaomi_ble roborock ecobee "
    "homekit_controller smartthings husqvarna_automower system_bridge steam_online "
    "playstation_network eufy"
)
"""Integrations of phones, sensors and appliances, whose batteries are not the home's."""

GADGETS = _domains(
    "vacuum lawn_mower media_player camera cover light siren remote humidifier fan valve"
)
"""Domains of entities that a device with a home battery or a car does not have."""

# Cars

CAR_PLATFORMS = _domains(
    "tesla_fleet teslemetry tessie tesla_custom teslamate kia_uvo renault bmw_connected_drive "
    "bmw_cardata volvo volvooncall polestar_api mbapi2020 audiconnect volkswagencarnet "
    "volkswagen_we_connect_id myskoda skodaconnect nissan_connect leaf fordpass mg_saic "
    "porscheconnect stellantis_vehicles subaru toyota rivian"
)
CHARGER_PLATFORMS = _domains(
    "evcc_intg evcc ocpp easee wallbox zaptec myenergi goecharger goecharger_mqtt "
    "goecharger_api2 keba openevse tesla_wall_connector chargepoint peblar alfen_wallbox v2c "
    "ohme hypervolt juicebox wattpilot blue_current lektrico nrgkick"
)
CAR = pattern_of(
    "car |ev |evse|vehicle|odometer|fahrzeug|voiture|elbil|electric vehicle|wallbox|ev charger"
    "|car charger|charging station|ladestation|laadpaal|zappi|easee|zaptec|go e charger"
)
CHARGER = pattern_of(
    "charger|wall connector|charge point|chargepoint|keba|openevse|loadpoint|auto |car |ev |evse"
    "|vehicle|fahrzeug|voiture|elbil|wallbox|ladestation|laadpaal|zappi|easee|zaptec|go e charger"
)
PLUG = pattern_of(
    "plug|charge cable|charging cable|cable connected|car connected|vehicle connected|connector"
    "|ev connected|charger connected|angesteckt"
)
ODOMETER = pattern_of("odometer|mileage|driving range|remaining range|reichweite")
TARGET = pattern_of("charge limit|target|charging limit|limit soc|charge target")
AUXILIARY = pattern_of("12v|aux|starter|low voltage|key|remote|tyre|tire")
NAME_OF_LEVEL = re.compile(
    r"\s*\b(ev |hv )?(battery( level| charge)?|state of charge|soc|level|ladezustand)\b.*",
    re.IGNORECASE,
)

# Prices

EXPORT = pattern_of(
    "export|feed in|feedin|einspeis|sell|sold|outgoing|injection|compensation|teruglever|return"
    "|buyback|buy back|to grid|fit |verkoop|verkauf|salg|salj|sälj|vente |venta|sprzeda|myynti"
)
IMPORT = pattern_of("import|buy |purchase|general|consum|from grid|bezug|afname")
GROSS = pattern_of("total|inc vat|incl|gross|brutto|retail|all in|with tax")
NO_ELECTRICITY = pattern_of(
    "gas |co2|carbon|water|wasser|heating oil|fuel|petrol|diesel|district heat|fernwarme|hydrogen"
    "|controlled load"
)
GENERIC = _domains("template mqtt rest command_line sql pyscript file") | {""}
"""Integrations of entities that owners make themselves."""

NOT_PRESENT = pattern_of(
    "average|avg|mean |min |max |minimum|maximum|lowest|highest|next|previous|cheapest|median"
    "|yesterday|tomorrow|offset|standing|forecast|last |surcharge|tax |fee |network tariff|optimi"
)
MARKETS = _domains(
    "nordpool entsoe epex_spot awattar aemo_nem aemo omie energyzero easyenergy "
    "comed_hourly_pricing ote_rate"
)
"""Integrations whose prices are a market's, mostly without tax and fees."""

# Meters and forecasts

GRID = pattern_of(
    "grid|site|netz|net |mains|p1 |smart meter|power meter|electricity meter|utility|dsmr"
)
DRAWN = pattern_of(
    "import|from grid|grid energy in|grid in |bezug|netzbezug|purchase|bought|buy |afname"
)
FED = pattern_of(
    "export|to grid|grid energy out|grid out |feed in|feedin|einspeis|netzeinspeis|sold|sell"
    "|return|teruglever|injection|surplus"
)
CONSUMED = pattern_of("consum|usage|verbrauch|verbruik")
LOAD = pattern_of("load |consumer |house ")

CHARGED = pattern_of("charg|to battery|import|in |input|laden|geladen|ladung|aufladung")
DISCHARGED = pattern_of("discharg|from battery|export|out |output|entlad|battery to")
PRODUCED = pattern_of(
    "solar|pv |photovolt|zonne|solaire|yield|production|generation|erzeugung|opbrengst|produced"
    "|fotovolt"
)
PANELS = pattern_of("solar|pv |photovolt|zonne|solaire|fotovolt")
PART_OF_FLOW = pattern_of(
    "to battery|to grid|to home|to house|to load|from solar|from pv|self consum|direct|import"
    "|consumption|from grid|string|mppt|saved|forecast|estimated"
)
PER_TIME = pattern_of(
    "today|daily|day |month|year|week|hour|yesterday|last |previous|heute|tag |monat|jahr|jour"
    "|dag |vandaag|forecast|estimated|peak|session|quarter"
)
LIFETIME = pattern_of("total|lifetime|gesamt|totaal|overall|cumulative")
SOLAR = pattern_of(
    "solar|pv |photovolt|solcast|sun |zonne|forecast solar|energy production|solaire|open meteo"
    "|power production|roof|dach"
)
NO_SOLAR = pattern_of(
    "load|charg|plan |planned|consumption|demand|battery|grid|soc |verbrauch|usage|price"
)
