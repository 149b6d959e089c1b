"""Where the pages are found."""

from django.urls import path

from web.views import about, account, clips, desk, feed, law, people, studio, uploads, verify

app_name = "web"

urlpatterns = [
    path("", feed.for_you, name="feed"),
    path("following", feed.following, name="following"),
    path("latest", feed.latest, name="latest"),
    path("clips/<uuid:clip_id>", clips.show, name="clip"),
    path("clips/<uuid:clip_id>/like", clips.change_like, name="like"),
    path("clips/<uuid:clip_id>/comments", clips.comments, name="comments"),
    path("clips/<uuid:clip_id>/edit", clips.edit, name="edit-clip"),
    path("clips/<uuid:clip_id>/delete", clips.delete, name="delete-clip"),
    path("comments/<uuid:comment_id>/remove", clips.remove, name="remove-comment"),
    path("create", studio.create, name="create"),
    path("create/<str:video_id>", studio.job, name="job"),
    path("create/<str:video_id>/post", studio.post, name="post-job"),
    path("create/<str:video_id>/delete", studio.delete, name="delete-job"),
    path("studio", studio.studio, name="studio"),
    path("upload", uploads.upload, name="upload"),
    path("uploads/<uuid:upload_id>", uploads.state, name="upload-state"),
    path("uploads/<uuid:upload_id>/delete", uploads.delete, name="delete-upload"),
    path("@<str:handle>", people.profile, name="profile"),
    path("@<str:handle>/follow", people.change_follow, name="follow"),
    path("settings", account.settings, name="settings"),
    path("settings/age", account.change_birth_year, name="birth-year"),
    path("settings/keys", account.create_key, name="create-key"),
    path("settings/keys/<uuid:key_id>/revoke", account.revoke_key, name="revoke-key"),
    path("desk", desk.queues, name="desk"),
    path("desk/next", desk.take, name="desk-next"),
    path("desk/settings", desk.preferences, name="desk-settings"),
    path("desk/figures", desk.show_figures, name="desk-figures"),
    path("desk/items/<uuid:item_id>", desk.show, name="desk-item"),
    path("desk/items/<uuid:item_id>/claim", desk.claim, name="desk-claim"),
    path("desk/items/<uuid:item_id>/keep", desk.keep, name="desk-keep"),
    path("desk/items/<uuid:item_id>/release", desk.release, name="desk-release"),
    path("desk/items/<uuid:item_id>/decide", desk.decide, name="desk-decide"),
    path("desk/items/<uuid:item_id>/undo", desk.take_back, name="desk-undo"),
    path("statements", law.statements, name="statements"),
    path("statements/<uuid:statement_id>", law.statement, name="statement"),
    path("report", law.make_report, name="report"),
    path("reports/<uuid:notice_id>", law.notice, name="notice"),
    path("takedown", law.takedown, name="takedown"),
    path("policy", law.policy, name="policy"),
    path("transparency", law.transparency, name="transparency"),
    path("about", about.about, name="about"),
    path("verify", verify.verify, name="verify"),
    path("favicon.ico", about.favicon),
]
