"""English words that round trips confuse although WordNet joins them, and some that they may swap.

Reviewed by reading round trips; a pivot word stands behind most of the confusions.
"""

from collections.abc import Mapping

Pairs = Mapping[str, tuple[frozenset[str], ...]]
"""Language → groups of base forms."""


def _groups(text: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(line.split()) for line in text.strip().splitlines())


CONFUSED: Pairs = {
    "en": _groups("""
        story history
        security safety
        raise create
        song music
        great big
        great large
        sequel sequence
        get have
        have own
        score mark
        make do
        take get
        use wear
        house home
        policy politics
        politics political
        job work
        work act
        speak say
        know meet
        see watch
        look seem
        play act
        part side
        way form
        form manner
        old ancient
        actor player
        think believe
        find meet
        leave let
        pass spend
        wait hope
        hope expect
        turn become
        company business
        country nation
        people person
        point score
        game match
        game play
        paper role
        character personality
        time weather
        time hour
        man guy
        kid child
        young small
        feel sense
        bring carry
        stay be
        still remain
        funny fun
        amusing funny
        amusing entertaining
        humor mood
        delightful delicious
        warrant justify
        plot plan
        intend plan
        stage phase
        listen hear
        father parent
        mother parent
        woman wife
        act play
        turn move
        harbour port
        design project
        terror terrorist
        terror terrorism
        setting environment
        pretty beautiful
        shape form
        review criticism
        keeper guardian
        relief aid
        regret repentance
        mind mental
        disposed willing
        mistake confuse
        occupancy occupation
        comical fun
        dental teeth
        set aggregation
        acting action
        sense feeling
        chairman president
        thwart frustrate
        full whole
        close near
        live life
        moment instant
        fairness justice
        take make
        make come
        interest interesting
        reach hit
        follow pursue
        relation relationship
        woman lady
    """)
}
"""Pairs of base forms that may not stand for one another."""

EQUAL: Pairs = {
    "en": _groups("""
        film movie
        begin start
        also too
        almost nearly
        although though
        perhaps maybe
        television tv
        help aid
        let allow
        until till
        on upon
        tell say
        wonderful marvellous
        towards toward
        among amongst
        firm company
        while whilst
        awful horrible
        awful terrible
        sadly unfortunately
        entirely fully
        wholly totally
        massive huge
        appear seem
        jail prison
        obtain get
        receive get
        cinema theater theatre
        storyline plot
        accolade praise
        bid attempt
        quietly calmly
        mostly mainly
        nevertheless however
        everyone everybody
        someone somebody
        sofa couch
        photo photograph
        performance acting
        really actually
        buy purchase
        hard difficult
        derelict abandoned
        ruling decision
        specific detail
        usually generally
        instance example
        score soundtrack
        northern north
        win victory
        pane panel
        liberty freedom
        toleration tolerance
        helpful useful
        intelligent smart
        acting performance
        update upgrade
    """)
}
"""Groups of base forms that may, whatever the table of senses has."""

PREPOSITIONS: Mapping[str, frozenset[str]] = {
    "en": _groups(
        "about above across after against ahead along among apart around aside at away back before "
        "behind below beside between beyond by down during for forth from in into like near of off "
        "on onto out over past round through to together toward towards under up upon with within "
        "without"
    )[0]
}
"""Language → prepositions and particles."""
