"""Addresses of the scoring pages."""

from django.urls import path, re_path

from scoring.views import definitions, drafts, leads, prediction, rules, simulator

app_name = "scoring"

urlpatterns = [
    path("", rules.rules, name="rules"),
    path("versions/<int:number>/", rules.version, name="version"),
    path("withdraw/", rules.withdraw, name="withdraw"),
    path("draft/", drafts.draft, name="draft"),
    path("draft/start/", drafts.start, name="start"),
    path("draft/discard/", drafts.discard, name="discard_draft"),
    path("draft/preview/", drafts.preview, name="preview"),
    path("draft/publish/", drafts.publish, name="publish"),
    path("draft/grades/", drafts.bands, name="bands"),
    path("draft/rules/new/", drafts.rule, name="add_rule"),
    path("draft/rules/<int:pk>/", drafts.rule, name="edit_rule"),
    path("draft/facts/new/", drafts.fact, name="add_fact"),
    path("draft/facts/<int:pk>/", drafts.fact, name="edit_fact"),
    path("draft/groups/new/", drafts.group, name="add_group"),
    path("draft/groups/<int:pk>/", drafts.group, name="edit_group"),
    re_path(
        r"^draft/(?P<part>rules|facts|groups)/(?P<pk>\d{1,18})/remove/$",
        drafts.remove,
        name="remove",
    ),
    path("leads/<int:lead_id>/", leads.lead_score, name="lead"),
    path("simulator/", simulator.simulator, name="simulator"),
    path("simulator/<int:pk>/", simulator.simulation, name="simulation"),
    path("simulator/<int:pk>/leads/", simulator.simulated_leads, name="simulated_leads"),
    path("simulator/<int:pk>/discard/", simulator.discard_simulation, name="discard_simulation"),
    path("prediction/", prediction.prediction, name="prediction"),
    path("prediction/train/", prediction.train, name="train"),
    path("prediction/switch/", prediction.switch, name="switch_prediction"),
    path("definitions/", definitions.definitions, name="definitions"),
    path("definitions/<slug:handoff_key>/propose/", definitions.propose, name="propose"),
    path("definitions/<slug:handoff_key>/foresee/", definitions.foresee, name="foresee"),
    path("definitions/<int:pk>/", definitions.definition, name="definition"),
    path("definitions/<int:pk>/change/", definitions.change, name="change"),
    path("definitions/<int:pk>/comment/", definitions.comment, name="comment"),
    path("definitions/<int:pk>/sign/<slug:side>/", definitions.sign, name="sign"),
    path("definitions/<int:pk>/discard/", definitions.discard, name="discard"),
]
