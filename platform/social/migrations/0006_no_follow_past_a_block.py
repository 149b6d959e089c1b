from django.db import migrations


class Migration(migrations.Migration):
    """Reviewers could follow whom a block keeps them apart from."""

    dependencies = [("social", "0005_active_months")]

    operations = [
        migrations.RunSQL(
            "DELETE FROM social_follow AS follow USING social_block AS block "
            "WHERE (block.blocker_id, block.blocked_id) IN "
            "((follow.follower_id, follow.followee_id), (follow.followee_id, follow.follower_id))",
            migrations.RunSQL.noop,
        ),
    ]
